#!/usr/bin/env python3
"""A recorder in Python 3.11 or newer, standard library only, after docs/wire-format.md.

    siphonwatch vectors --check 'python3 examples/recorder.py'

Reads {"keyring": ...} and then exchanges, a line each, and writes usage events, a line each. In a gateway:

    event = Recorder(keyring).event(exchange)      # an exchange that fits exchange.schema.json
    key, data = record_of([event])                 # what PutRecords takes: events of one bucket

What it leaves out: hints (most behaviours and phrasings of instructions, program code), documents that a message attaches, and
prompts inside JSON. Scripts are told by the names of characters: a few hundred rare ones, and those newer than Python's Unicode,
count otherwise.
"""
import base64
import gzip
import hashlib
import hmac
import ipaddress
import json
import math
import re
import sys
import unicodedata
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

M32 = 0xFFFFFFFF
NAMES = ("address", "network", "asn", "tls", "agent", "credential", "payment")
PRINTS = ("prompt", "opening", "closing", "layout", "system", *NAMES)


def derived(secret, label, size):
    return hmac.new(secret.encode(), label, hashlib.sha256).digest()[:size]


def units(text):
    """UTF-16 code units; halves of surrogate pairs pass."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return [raw[i] | raw[i + 1] << 8 for i in range(0, len(raw), 2)]


def packed(values):
    return b"".join(value.to_bytes(2, "little") for value in values)


def text_of(values):
    return packed(values).decode("utf-16-le", "surrogatepass")


# SipHash-2-4 (Aumasson and Bernstein 2012), and HalfSipHash-2-4 of the same paper's reference code.


# rotations of a round, the width of a word in bits
SIP = (13, 16, 21, 17, 32), 64
HALF = (5, 8, 7, 13, 16), 32


def sip_rounds(state, count, kind):
    """The rounds that both have, of words of 64 or of 32 bits."""
    (r1, r2, r3, r4, half), width = kind
    mask = (1 << width) - 1

    def rotated(value, by):
        return (value << by | value >> width - by) & mask

    a, b, c, d = state
    for _ in range(count):
        a = a + b & mask
        b = rotated(b, r1) ^ a
        a = rotated(a, half)
        c = c + d & mask
        d = rotated(d, r2) ^ c
        a = a + d & mask
        d = rotated(d, r3) ^ a
        c = c + b & mask
        b = rotated(b, r4) ^ c
        c = rotated(c, half)
    state[:] = a, b, c, d


def sip_absorb(state, data, kind):
    """Takes the data in, a word at a time; the last one ends in the data's length."""
    size = kind[1] // 8
    padded = data + bytes(size - 1 - len(data) % size) + bytes([len(data) & 255])
    for at in range(0, len(padded), size):
        word = int.from_bytes(padded[at : at + size], "little")
        state[3] ^= word
        sip_rounds(state, 2, kind)
        state[0] ^= word


def sip_hash(key, data):
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    sip_absorb(v, data, SIP)
    v[2] ^= 255
    sip_rounds(v, 4, SIP)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def half_sip_hash(key, data, wide):
    """64 bits as (low, high) where `wide`, else 32 bits."""
    k0, k1 = int.from_bytes(key[:4], "little"), int.from_bytes(key[4:], "little")
    v = [k0, k1 ^ (0xEE if wide else 0), 0x6C796765 ^ k0, 0x74656462 ^ k1]
    sip_absorb(v, data, HALF)
    v[2] ^= 0xEE if wide else 0xFF
    sip_rounds(v, 4, HALF)
    low = v[1] ^ v[3]
    if not wide:
        return low
    v[1] ^= 0xDD
    sip_rounds(v, 4, HALF)
    return low, v[1] ^ v[3]


def print_of(key, values):
    value = sip_hash(key, packed(values))
    halves = (value & M32).to_bytes(4, "big") + (value >> 32).to_bytes(4, "big")
    return base64.urlsafe_b64encode(halves).decode().rstrip("=")


# Characters: Unicode says most; scripts are told by names, as the standard library has no property for them.

SCRIPTS = (
    ("latin", ("LATIN", "FULLWIDTH LATIN")),
    ("han", ("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC ITERATION", "CJK RADICAL")),
    ("kana", ("HIRAGANA", "KATAKANA")),
    ("hangul", ("HANGUL",)),
    ("cyrillic", ("CYRILLIC",)),
    ("arabic", ("ARABIC",)),
    ("devanagari", ("DEVANAGARI",)),
)
ALONE = ("HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
# of a folded text
MOST_UNITS = 32764
IGNORED = set("'\u2019\u2018\u02bc`\u00b4")
KNOWN = {}


def kind_of(unit):
    """(kind, script) of a code unit: ignored, digit, letter, single, separator, or half of a pair."""
    known = KNOWN.get(unit)
    if known is None:
        known = KNOWN[unit] = read_kind(unit)
    return known


def read_kind(unit):
    if 0xD800 <= unit <= 0xDFFF:
        return "half", None
    character = chr(unit)
    category, name = unicodedata.category(character), unicodedata.name(character, "")
    if category == "Cf" or character in IGNORED or 0xFE00 <= unit <= 0xFE0F or 0x180B <= unit <= 0x180F:
        return "ignored", None
    if category == "Nd":
        return "digit", None
    if category[0] not in "LM" and category != "Nl":
        return "separator", None
    script = next((script for script, starts in SCRIPTS if name.startswith(starts)), "other")
    single = script in ("han", "kana") or name.startswith(ALONE)
    return ("single" if single else "letter"), script


def normalized(text):
    """(NFKC in lower case, whether that is all of it); of more than thirty marks in a row the first thirty."""
    if text.isascii():
        return text.lower(), True
    kept, run = [], 0
    for character in text:
        marks = character in "\uff9e\uff9f\ufdfa" or unicodedata.category(character)[0] == "M"
        run = run + 1 if marks else 0
        if run <= 30:
            kept.append(character)
    normal = units(unicodedata.normalize("NFKC", "".join(kept)))
    return text_of(normal[:32768]).lower(), len(kept) == len(text) and len(normal) <= 32768


FILLERS = set("\u115f\u1160\u3164\uffa0")


def weight_of(unit):
    """What a code unit adds to what punctuation says: None for a symbol, which says something alone."""
    character = chr(unit)
    category = unicodedata.category(character)
    if category[0] == "Z" or character in "\t\n\v\f\r\u0085\ufe0f":
        return 0
    selector = 0xFE00 <= unit <= 0xFE0F or unit in (0x180B, 0x180C, 0x180D, 0x180F)
    if category in ("Cf", "Cc") or selector or character in FILLERS:
        return 2
    if category[0] in "LM" or category in ("Nd", "Nl"):
        return -1
    return 2 if category[0] == "P" or unit < 128 or unit == 0xB4 else None


def says_in_symbols(text):
    excess = 0
    for character in text_of(units(text)):
        point = ord(character)
        if point > 0xFFFF:
            weight = -1 if point < 0x1EC00 or 0x20000 <= point <= 0x3FFFF else None
        else:
            weight = None if 0xD800 <= point <= 0xDFFF else weight_of(point)
        if weight is None:
            return True
        excess = max(0, excess + weight)
        if excess >= 24:
            return True
    return False


def hash_of(texts):
    """Four code units of a hash over texts; none where there are none."""
    if not texts:
        return []
    data, left = b"", 65536
    for values in map(units, texts):
        data += len(values).to_bytes(4, "little") + packed(values[:left])
        left -= min(left, len(values))
    digest = hashlib.sha256(data).digest()
    return [int.from_bytes(digest[at : at + 2], "little") for at in (0, 2, 4, 6)]


class Folded:
    """A text folded for prints: words between single spaces, as [start, end) of its units.

    head: words on the first line that has any. lead: words before the first colon or line break that has any before it.
    printed: the units, and a hash of what stands beside the text and of what folding leaves out.
    """

    def __init__(self, text, beside=()):
        self.units, self.words = [], []
        self.head = self.lead = None
        scripts, in_word, at = {}, False, 0
        normal, whole = normalized(text)
        source = units(normal)
        while at < len(source) and len(self.units) < MOST_UNITS:
            unit, pair = source[at], None
            at += 1
            kind, script = kind_of(unit)
            if kind == "ignored":
                continue
            if kind == "half":
                kind = "separator"
                if unit <= 0xDBFF and at < len(source) and 0xDC00 <= source[at] <= 0xDFFF:
                    pair = source[at]
                    at += 1
                    if 0xD840 <= unit <= 0xD8BF:
                        kind, script = "single", "han"
                    elif unit <= 0xD83A:
                        kind, script = "letter", "other"
            if script is not None:
                scripts[script] = scripts.get(script, 0) + 1
            if kind not in ("letter", "digit") and in_word:
                self.words[-1] = (self.words[-1][0], len(self.units))
                in_word = False
            if kind == "separator":
                if self.words:
                    if self.lead is None and unit in (10, 58, 0xFF1A):
                        self.lead = len(self.words)
                    if self.head is None and unit == 10:
                        self.head = len(self.words)
                continue
            piece = [unit] if pair is None else [unit, pair]
            if kind == "single":
                if self.words and kind_of(self.units[-1])[0] not in ("single", "half"):
                    self.units.append(32)
                self.words.append((len(self.units), len(self.units) + len(piece)))
            elif not in_word:
                if self.words:
                    self.units.append(32)
                self.words.append((len(self.units), None))
                in_word = True
            self.units += piece
        if in_word:
            self.words[-1] = (self.words[-1][0], len(self.units))
        order = [script for script, _ in SCRIPTS] + ["other"]
        self.script = max(order, key=lambda name: scripts.get(name, 0)) if scripts else "none"
        self.head = len(self.words) if self.head is None else self.head
        self.lead = len(self.words) if self.lead is None else self.lead
        unsaid = not whole or len(self.units) >= MOST_UNITS or says_in_symbols(text)
        self.printed = self.units + hash_of([*beside, *([text] if unsaid else [])])

    def edge(self, first, last):
        """The words [first, last) with runs of digits as one zero."""
        out, digits = [], False
        for unit in self.units[self.words[first][0] : self.words[last - 1][1]]:
            digit = kind_of(unit)[0] == "digit"
            if not digit:
                out.append(unit)
            elif not digits:
                out.append(48)
            digits = digit
        return out[:512]


def donor(bin_, attempt):
    x = ((bin_ << 8 | attempt) * 0x9E3779B1 ^ 0x85EBCA6B) & M32
    x = (x ^ x >> 15) * 0xC2B2AE35 & M32
    return (x ^ x >> 13) & 15


def sketch_of(folded, word_key, pair_key):
    hashes = [half_sip_hash(word_key, packed(folded.units[a:b]), True) for a, b in folded.words[:8192]]
    pairs = list(zip(hashes, hashes[1:])) or [(hashes[0], (0, 0))]
    minima = [M32] * 16
    for pair in pairs:
        data = b"".join(half.to_bytes(4, "little") for word in pair for half in word)
        value = half_sip_hash(pair_key, data, False)
        minima[value >> 28] = min(minima[value >> 28], value & 0x0FFFFFFF)
    out = b""
    for bin_, least in enumerate(minima):
        attempt = 0
        while least == M32 and attempt < 256:
            least = minima[donor(bin_, attempt)]
            attempt += 1
        out += (least & 0xFFFF).to_bytes(2, "little")
    return base64.urlsafe_b64encode(out).decode().rstrip("=")


# Layout: one mark a line.

BLANK, PLAIN, BULLET, NUMBER, OPTION, HEADING, QUOTE, TABLE, FENCE, LABEL = 1, 2, 3, 4, 5, 6, 7, 8, 9, 11


def mark_of(line):
    if line.startswith("``"):
        return FENCE
    for start, mark in (("#", HEADING), (">", QUOTE), ("|", TABLE)):
        if line.startswith(start):
            return mark
    if re.match("[-*+][ \t]|[\u2022\u25cf\u00b7\u2013]", line):
        return BULLET
    if re.match("\\(?[0-9]{1,3}[.)\uff0e\uff09\u3001]", line):
        return NUMBER
    return OPTION if re.match("\\(?[A-Ja-j][.)\uff0e\uff09\u3001]", line) else PLAIN


def label_of(line):
    """A few words without other punctuation before a colon; None where there is none."""
    spaces = ink = 0
    for at, character in enumerate(line[:40]):
        if character in ":\uff1a":
            following = line[at + 1 : at + 2] or " "
            return line[:at] if ink and following not in "/0123456789" else None
        if character == " ":
            spaces += 1
            if spaces >= 5:
                return None
        elif kind_of(ord(character) if ord(character) < 0x10000 else 0xD800)[0] in ("letter", "single", "half"):
            ink += 1
        elif character not in "*#-_()[]0123456789":
            return None
    return None


def layout_of(text):
    """(code units, lines, whether an instruction, a blank line and more text follow each other)"""
    out, last, seen, separate = [], 0, 0, False
    lines = text.split("\n") if text else []
    for number, line in enumerate(lines[:-1] if lines and lines[-1] == "" else lines):
        ink = line.lstrip(" \t\r\u3000\u00a0")
        if ink == "":
            seen = 2 if seen == 1 else seen
        elif seen == 2:
            separate = True
        else:
            seen = 1
        if number >= 256:
            continue
        mark = mark_of(ink) if ink else BLANK
        label = None if mark in (FENCE, BLANK) else label_of(ink)
        if label:
            folded = re.sub("[0-9]+", "0", label)
            kept = [c for c in folded if c in " 0" or kind_of(units(c)[0])[0] in ("letter", "single", "half")]
            out += [LABEL, *units("".join(c.lower() if c.isascii() else c for c in kept)), 10]
            last = LABEL
        elif mark != last and not (mark == BLANK and not out):
            out.append(mark)
            last = mark
    if last == BLANK:
        out.pop()
    return out, len(lines), separate


# Turns: what is asked.

SYSTEM, USER, TOOL = ("system", "developer"), ("user", "human"), ("tool", "function", "ipython")
RESULT = re.compile(r"(?:tool|function|call|shell|computer|mcp)[\w-]*(?:result|output|response)$", re.I)


def words_in(value):
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(filter(None, map(words_in, value)))
    if isinstance(value, dict):
        for name in ("content", "output", "result", "text"):
            if value.get(name) is not None:
                return words_in(value[name])
    return ""


class Turn(NamedTuple):
    kind: str
    text: str
    # parts of a user's message without words, and its name
    wordless: list = []


READ = (
    *("image_url", "imageUrl", "url", "image", "input_audio", "audio", "video", "video_url", "transcript"),
    *("file", "filename", "file_data", "file_id", "file_url", "document", "source", "data", "bytes"),
    *("title", "context", "name", "content", "text", "inlineData", "inline_data", "fileData"),
    *("fileUri", "file_uri", "s3Location", "uri", "executableCode", "executable_code", "code", "input"),
)


def read_part(value, depth=0):
    """What a part holds that a model reads, with the names under which it stands."""
    if isinstance(value, str):
        return [value]
    if depth > 6:
        return []
    if isinstance(value, list):
        return [text for held in value for text in read_part(held, depth + 1)]
    out = []
    for name in READ if isinstance(value, dict) else ():
        if value.get(name) is not None:
            out += [name, *read_part(value[name], depth + 1)]
    return out


def beside_of(turns, last):
    """What came with the last user message without words, and what stood before it, the newest first."""
    texts = [text for part in turns[last].wordless for text in read_part(part)] if last >= 0 else []
    for kind, text, wordless in reversed(turns[: max(last, 0)]):
        if kind == "system" or not text and not wordless:
            continue
        texts.append(text)
        texts += [held for part in wordless if kind == "user" for held in read_part(part)]
    return texts


def turns_of(messages):
    turns = []
    for message in messages:
        role, content = message["role"].lower(), message.get("content")
        kind = "system" if role in SYSTEM else "user" if role in USER else "tool" if role in TOOL else "other"
        wordless = [message["name"]] if kind == "user" and isinstance(message.get("name"), str) else []
        said, results = [], 0
        for part in [content] if isinstance(content, str) else content or []:
            if isinstance(part, dict) and RESULT.search(part.get("type") or ""):
                turns.append(Turn("tool", words_in(part)))
                results += 1
                continue
            words = part if isinstance(part, str) else part.get("text")
            if isinstance(words, str) and words:
                said.append(words)
            elif not isinstance(part, str):
                wordless.append(part)
        text = "\n".join(filter(None, said))
        if not results or text:
            turns.append(Turn(kind, text, wordless))
    return turns


CLOSING = set("\"')]*\u201d\u2019\u300d\u3000\u00a0")


def is_question(text):
    for character in reversed(text[-256:]):
        if character in "?\uff1f\u061f\u037e\u203d":
            return True
        if ord(character) > 32 and character not in CLOSING:
            return False
    return False


def has_words(text):
    """Whether a text has a letter or a number, as far as it is read."""
    return any(unicodedata.category(c)[0] in "LN" and c not in FILLERS for c in sampled(text))


def says(text):
    return has_words(text) or says_in_symbols(sampled(text))


def sampled(text):
    read = bounded(text)
    return read if read == text else read[: read.rindex(" ")]


def is_answer(turn, completion):
    shorter, longer = sorted((turn.strip(), completion.strip()), key=lambda text: len(units(text)))
    alike = longer.startswith(shorter) or longer.endswith(shorter)
    return alike and 2 * len(units(shorter)) >= len(units(longer))


def begun_in(turns, completion):
    """What the last turns ask that are the model's by their role, without the answer itself."""
    others = [turn.text for turn in turns if turn.kind != "system"]
    for at in range(len(turns) - 1, -1, -1):
        if turns[at].kind not in ("other", "system"):
            others = [turn.text for turn in turns[at + 1 :] if turn.kind != "system"]
            break
    if others and is_answer(others[-1], completion):
        others.pop()
    return "\n".join(filter(None, (re.sub("</?think>", "", text).strip() for text in others)))


def asked_of(messages, completion, elsewhere=None):
    """(prompt, what is said of it without a begun answer, what stands beside, system prompt, user turns, steps, share of tools, by a tool)"""
    turns = turns_of(messages)
    systems = [turn.text for turn in turns if turn.kind == "system"]
    system = "\n".join(systems) if systems else None
    users = [at for at, turn in enumerate(turns) if turn.kind == "user"]
    last = said = turns[users[-1]].text if users else ""
    unsaid = not has_words(said)
    since = [turn.text for turn in turns[users[-1] + 1 if users else 0 :] if turn.kind == "tool"]
    asking = []
    for at, text in enumerate(since):
        # the full recorder also knows how tasks are phrased
        older = at < len(since) - 64 and re.search(r"[\s\u0080-\uffff]", text)
        if len(text) <= 8000 and (older or unsaid and says(text) or is_question(text) or begins_as_task(text)):
            asking.append(text)
    by_tool = bool(asking)
    if by_tool:
        said = "\n".join(asking)
    elif unsaid and says(system or ""):
        said = system
    beside = beside_of(turns, users[-1] if users else -1)
    if said != last and says(last):
        beside.append(last)
    if elsewhere:
        beside.append(elsewhere)
    prompt = "\n".join(filter(None, (said, begun_in(turns, completion))))
    tools = sum(len(units(turn.text)) for turn in turns if turn.kind == "tool")
    people = sum(len(units(turn.text)) for turn in turns if turn.kind == "user")
    share = round_half_up(10 * tools / (tools + people)) if tools + people else 0
    return prompt, said, beside, system, len(users), len(since), share, by_tool


VERBS = "write|explain|summarize|summarise|translate|list|describe|create|generate|solve|prove|give|rewrite|classify"


def begins_as_task(text):
    return re.match(rf"\s*(?:please\s+)?(?:{VERBS})\b", text, re.I) is not None


def round_half_up(value):
    return math.floor(value + 0.5)


def bounded(text):
    values = units(text)
    if len(values) <= 16384:
        return text
    middle = len(values) - 8192 - 4096
    out = values[:8192]
    for sample in range(16):
        at = 8192 + (middle - 256) * sample // 15
        out += values[at : at + 256]
    digest = hashlib.sha256(packed(values[:131072])).digest()[:8]
    return f"{text_of(out + values[-4096:])} {len(values)}{int.from_bytes(digest, 'big')}"


# Where it came from, and when.


def place_of(given):
    """(address, network) as they are printed; network is None where the text is no address."""
    host = given[:1024].split(",")[0].strip()
    bracketed = re.match(r"\[([^\]]*)\](?::\d+)?$", host)
    if bracketed:
        host = bracketed.group(1)
    four = re.match(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?::\d+)?$", host)
    if four and all(int(part) < 256 for part in four.groups()):
        return four_of([int(part) for part in four.groups()])
    try:
        address = ipaddress.IPv6Address(host.split("%")[0])
    except ValueError:
        return f"?{host}", None
    if address.ipv4_mapped:
        return four_of(address.ipv4_mapped.packed)
    groups = [f"{int(group, 16):x}" for group in address.exploded.split(":")]
    return f"6/{':'.join(groups)}", f"6/{':'.join(groups[:3])}/48"


def four_of(parts):
    texts = [str(part) for part in parts]
    return f"4/{'.'.join(texts)}", f"4/{'.'.join(texts[:3])}/24"


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def utc_text(time):
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


def opening_date(created, now):
    midnight = created.replace(hour=0, minute=0, second=0, microsecond=0)
    age = (now - created) // timedelta(days=1)
    if age >= 180:
        midnight = midnight.replace(day=1)
    elif age >= 30:
        midnight -= timedelta(days=midnight.weekday())
    return f"{midnight:%Y-%m-%dT%H:%M:%SZ}"


def significant(count, digits):
    unit = 1
    while count / unit >= 10**digits:
        unit *= 10
    return round_half_up(count / unit) * unit


def length_class(count):
    return min(40, round_half_up(2 * math.log2(count)))


# least, most, whole number
BOUNDS = {
    "temperature": (0, 10, False),
    "topP": (0, 1, False),
    "maxTokens": (0, 10**9, True),
    "n": (1, 10**6, True),
}


def sound(name, value):
    least, most, whole = BOUNDS[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return least <= value <= most and (not whole or value == int(value))


def sampling(params):
    kept = {name: params[name] for name in BOUNDS if sound(name, params.get(name))}
    if params.get("seed") is not None:
        kept["seeded"] = True
    return kept


def shown_by(params):
    """Behaviours that the parameters show."""
    shown = []
    if sound("n", params.get("n")) and params["n"] > 1:
        shown.append("multi-sample")
    if params.get("logprobs"):
        shown.append("logprobs")
    return shown


class Epoch(NamedTuple):
    id: str
    begins: datetime
    until: datetime | None
    keys: dict
    word: bytes
    pair: bytes


def bucket_of(pseudonym):
    """FNV-1a of the pseudonym, modulo 256."""
    value = 0x811C9DC5
    for character in pseudonym:
        value = (value ^ ord(character)) * 0x01000193 & M32
    return value % 256


def record_of(events):
    """(partition key, data) of a record with these events, which must be of one bucket."""
    buckets = {bucket_of(event["account"]) for event in events}
    if len(buckets) != 1:
        raise ValueError("the events of a record are of one bucket")
    bucket = buckets.pop()
    header = {"siphonwatch": 1, "bucketing": "b1-256", "bucket": bucket, "events": len(events)}
    lines = [json.dumps(line, separators=(",", ":")) for line in [header, *events]]
    return f"b1-256/{bucket:03x}", gzip.compress(("\n".join(lines) + "\n").encode())


class Recorder:
    def __init__(self, keyring):
        self.account_secret = keyring["account"]["secret"]
        self.epochs = []
        for epoch in sorted(keyring["epochs"], key=lambda held: held["from"]):
            secret = epoch["secret"]
            keys = {field: derived(secret, f"siphonwatch/v1/print/{field}".encode(), 16) for field in PRINTS}
            word, pair = (derived(secret, f"siphonwatch/v1/sketch/{name}".encode(), 8) for name in ("word", "pair"))
            until = moment(epoch["until"]) if epoch.get("until") else None
            self.epochs.append(Epoch(epoch["id"], moment(epoch["from"]), until, keys, word, pair))

    def pseudonym(self, account):
        label = b"siphonwatch/v1/account/" + packed(units(account))
        bits = derived(self.account_secret, label, 32)
        return "a_" + base64.b32encode(bits).decode().lower()[:26]

    def serving(self, time):
        begun = [epoch for epoch in self.epochs if epoch.begins <= time] or self.epochs[:1]
        before = [epoch for epoch in begun[-2:-1] if epoch.until is not None and time < epoch.until]
        return [begun[-1], *before]

    def prints(self, exchange, folded, layout, system, epoch):
        keys = epoch.keys
        made = {"epoch": epoch.id, "prompt": print_of(keys["prompt"], folded.printed)}
        count = len(folded.words)
        if count:
            made["opening"] = print_of(keys["opening"], folded.edge(0, min(folded.lead, 5, count)))
            made["closing"] = print_of(keys["closing"], folded.edge(max(0, count - 5), count))
            made["sketch"] = sketch_of(folded, epoch.word, epoch.pair)
        if layout:
            made["layout"] = print_of(keys["layout"], layout)
        if system is not None:
            made["system"] = print_of(keys["system"], system.printed)
        origin = exchange.get("origin") or {}
        address, network = place_of(origin["ip"]) if origin.get("ip") is not None else (None, None)
        named = {
            "address": address,
            "network": network,
            "asn": origin.get("asn"),
            "tls": origin.get("tls"),
            "agent": origin.get("userAgent"),
            "credential": origin.get("credential"),
            "payment": exchange["customer"].get("payment"),
        }
        made |= {field: print_of(keys[field], units(str(v))[:8192]) for field, v in named.items() if v is not None}
        return made

    def event(self, exchange):
        """The usage event of an exchange (exchange.schema.json)."""
        completion = exchange.get("completion") or ""
        prompt, said, beside, system, turns, steps, share, by_tool = asked_of(exchange["messages"], completion, exchange.get("beside"))
        text = bounded(prompt)
        folded = Folded(text, beside)
        layout, counted, separate = layout_of(text)
        words = len(folded.words)
        lines = max(1, counted)
        if text != prompt:
            words = round_half_up(words * len(units(prompt)) / 16384)
            lines = prompt.count("\n") + 1
        time = moment(exchange["time"])
        folded_system = None if system is None else Folded(bounded(system))
        prints = [self.prints(exchange, folded, layout, folded_system, epoch) for epoch in self.serving(time)]
        params = exchange.get("params") or {}
        shape = {
            "turns": turns,
            "system": system is not None,
            "words": length_class(1 + words),
            "head": length_class(1 + folded.head),
            "instruction": begins_as_task(prompt),
            "lines": length_class(lines) if prompt else 0,
            "script": folded.script,
            "question": is_question(said) or is_question(prompt),
            "code": False,
            "input": separate,
        }
        if steps or share:
            shape |= {"steps": steps, "fromTools": share, **({"askedByTool": True} if by_tool else {})}
        customer, usage = exchange["customer"], exchange["usage"]
        return {
            "v": 1,
            "id": f"{exchange['id']}-{prints[-1]['prompt']}" if exchange.get("reusedId") else exchange["id"],
            "time": utc_text(time),
            "account": self.pseudonym(exchange["account"]),
            "model": exchange["model"][:256],
            "outcome": exchange["outcome"],
            "usage": {
                "inputTokens": significant(usage["inputTokens"], 1),
                "outputTokens": significant(usage["outputTokens"], 2),
            },
            "params": sampling(params),
            "customer": {
                "plan": customer["plan"][:64],
                "product": customer["product"][:64],
                "createdAt": opening_date(moment(customer["createdAt"]), time),
            },
            "shape": shape,
            "behaviours": shown_by(params),
            "prints": prints,
        }


def main():
    recorder = Recorder(json.loads(sys.stdin.readline())["keyring"])
    for line in sys.stdin:
        event = recorder.event(json.loads(line))
        if "--records" in sys.argv[1:]:
            key, data = record_of([event])
            print(json.dumps({"partitionKey": key, "data": base64.b64encode(data).decode()}), flush=True)
        else:
            print(json.dumps(event), flush=True)


if __name__ == "__main__":
    main()

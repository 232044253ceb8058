import { type FoldedText, Triggers } from './folded-text.ts';
import { BEHAVIOURS, type Behaviour } from './usage-event.ts';

/**
 * Which behaviours the words of a request show: a table of phrasings. Each row listens for trigger words; only when
 * one occurs is its pattern run, over the folded text (lower case, no punctuation, single spaces, apostrophes
 * dropped, ideographs side by side), in the first 3,000 and last 1,500 code units, where instructions stand.
 * A flag is a hint, not a verdict: evaluation runs ask for reasoning too. What counts is who asks how often.
 */
export interface Phrasing {
  readonly behaviour: Behaviour;
  readonly explains: string;
  /** whole folded words, single ideographs, or the first two syllables of a Hangul word */
  readonly triggers: string;
  readonly pattern: RegExp;
}

const TRACE =
  '(?:reasoning|rationales?|thoughts?|thought process|thinking|monologue|deductions?|derivations?|deliberations?|scratch ?pad|justifications?|inferences?|chain of (?:thought|reasoning|logic)|train of thought|logic)';
const ANSWERS =
  '(?:responses?|answers?|outputs?|completions?|repl(?:y|ies)|solutions?|candidates?|assistants?|submissions?|generations?|summar(?:y|ies)|explanations?|translations?|conversations?)';
const SEVERAL = '(?:\\d+|n|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|several|multiple|many)';
const LANGUAGES =
  '(?:english|chinese|mandarin|cantonese|japanese|korean|french|german|spanish|portuguese|italian|russian|arabic|hindi|turkish|vietnamese|thai|polish|dutch|latin|pinyin|(?:the |their |your |its )?(?:same|target|original|source|native|users?) language)';

export const PHRASINGS: readonly Phrasing[] = [
  {
    behaviour: 'reasoning',
    explains:
      'step by step, stepwise, numbered or intermediate steps of an answer; not a step-by-step guide to a task',
    triggers: 'step steps stepwise',
    pattern:
      /\bstep (?:by|after|for) step\b(?! (?:guide|instructions?|tutorials?|recipe|plan|procedure|walkthrough|directions|how to|manual))|\b(?:think|reason|work|solve|explain|proceed|go|derive|analy[sz]e|answer|break)\w* (?:\w+ ){0,8}(?:in|into|by|with|through|as) (?:\w+ ){0,3}steps\b|\b(?:each|every|all|any|your|intermediate|numbered|reasoning|logical|solution) steps?\b (?:\w+ ){0,4}(?:numbered|reasoning|thoughts?|thinking|logic|explicit\w*|justif\w*|deduct\w*|you (?:take|took|used|followed))|\b(?:intermediate|reasoning|logical|thinking|solution|inference) steps\b|\bstepwise (?:reason|think|logic|analysis|solution|deriv)/,
  },
  {
    behaviour: 'reasoning',
    explains:
      'show, write out, explain, include ... your reasoning, rationale, thought process, chain of thought',
    triggers:
      'reasoning rationale rationales thought thoughts thinking monologue deduction deductions derivation deliberation scratchpad justification inferences logic inference',
    pattern: new RegExp(
      `\\b(?:show|explain|write|give|provide|include|reveal|print|output|expose|share|state|present|describe|articulate|document|verbali[sz]e|record|dump|repeat|return|trace|lay|detail|produce|spell|display|add|start|begin|narrate|elaborate|justify|supply|offer|walk)\\w* (?:\\w+ ){0,8}${TRACE}\\b|\\b${TRACE} (?:\\w+ ){0,4}(?:first|before|followed by|and then|then)\\b (?:\\w+ ){0,4}(?:answer|conclusion|result|verdict|score|label|output)`,
    ),
  },
  {
    behaviour: 'reasoning',
    explains: 'chain of thought, hidden or internal reasoning, scratchpad, raw thinking',
    triggers: 'chain cot scratchpad hidden internal inner raw monologue verbatim unabridged train',
    pattern: new RegExp(
      `\\bchain of (?:thoughts?|reasoning|logic)\\b|\\bcot\\b|\\btrain of thought\\b|\\bscratch ?pad\\b|\\binner monologue\\b|\\b(?:hidden|internal|inner|private|raw|full|complete|unabridged|verbatim|entire|unfiltered|unedited) (?:\\w+ ){0,2}${TRACE}\\b`,
    ),
  },
  {
    behaviour: 'reasoning',
    explains: "think aloud, think it through, let's think, reason carefully",
    triggers: 'think reason aloud loud lets ponder deliberate',
    pattern:
      /\b(?:think|reason|ponder|deliberate|work)(?:ing)? (?:aloud|out loud|it through|this through|them through|things through|through (?:this|the|it|each|every|your)|carefully|hard|deeply|slowly|logically|thoroughly|explicitly|in detail|before (?:you )?(?:answer|respond|reply)\w*|(?:about )?(?:it|this|the \w+) (?:carefully|in detail|step|first|thoroughly))|\blet(?:s| us) (?:think|reason|work (?:it|this) (?:out|through)|solve this step)/,
  },
  {
    behaviour: 'reasoning',
    explains: 'derivation, deliberation or analysis demanded before the final answer',
    triggers: 'before prior final finally conclude concluding',
    pattern:
      /\b(?:work|deriv\w+|show|analy[sz]e|analysis|reflect|write|explain|explanation|deliberate|reason\w*|think|thoughts?|deduction|elaborate|rationale|consider) [^\n]{0,140}?\b(?:before|prior to|and only then|and then finally|finally|ending with|end with|conclude with) (?:\w+ ){0,5}(?:answer(?:ing)?|result|conclusion|verdict|solution|decision)\b/,
  },
  {
    behaviour: 'reasoning',
    explains: 'show your work, every deduction, intermediate results, how you arrived there',
    triggers:
      'work working workings calculations calculation intermediate deduction deductions arrive arrived reached derived justify',
    pattern:
      /\bshow(?:ing)? (?:all |me )?(?:of )?(?:your|the|every|each|full|any|all) (?:\w+ ){0,3}(?:work|workings?|calculations?|logic|deductions?|steps)\b|\bintermediate (?:results?|deductions?|calculations?|conclusions?|inferences?)\b|\bhow (?:exactly )?(?:you|one|they) (?:\w+ ){0,2}(?:arrived?|reach(?:ed)?|derived?|got to|came to|decided?|concluded?)\b|\bjustify (?:your|each|every|the|all) (?:\w+ ){0,2}(?:answers?|choices?|steps?|decisions?|conclusions?|responses?|claims?)\b/,
  },
  {
    behaviour: 'reasoning',
    explains:
      'Chinese and Japanese: 一步一步, 逐步思考, 思维链, 推理过程, 解题步骤, 段階的に, 順を追って, 思考過程',
    triggers: '步 思 推 程 段 順 途',
    pattern:
      /一步一?步|逐步|分步|按步骤|思[维維][链鏈]|思[考维維]的?(?:过程|過程|步骤|步驟|プロセス|の連鎖)|推[理导導论論]的?(?:过程|過程|步骤|步驟|链|鏈|を)|解[题題](?:的)?(?:过程|過程|步骤|步驟|思路)|先.{0,6}(?:思考|推理|分析).{0,24}(?:再|然后|然後|最后|最後).{0,12}(?:答|结论|結論|结果)|(?:写|寫|给|給|列|展示|说明|說明|解释|解釋)出?.{0,14}(?:步骤|步驟|过程|過程|推理|思路)|内心独白|段階的に|順を追って|ステップ(?:バイ|ごと|を)|途中の?(?:計算|式|経過)|考え方を/,
  },
  {
    behaviour: 'reasoning',
    explains: 'Spanish, French, German, Portuguese, Italian, Russian, Korean, Arabic, Hindi',
    triggers:
      'paso pasos razonamiento razona razone razonando étape étapes etape raisonnement raisonne raisonnez raisonnant réflexion schritt schritte schrittweise gedankengang gedankengänge denkprozess denkweg überlegungen lösungsweg rechenweg passo raciocínio passaggi ragionamento ragiona шаг шагом шагам пошагово рассуждения рассуждай рассуждение рассуждений мысли 단계 추론 사고 풀이 خطوة कदम चरण',
    pattern:
      /paso a paso|paso por paso|cadena de (?:pensamiento|razonamiento)|(?<![^ \n])(?:muestr|explic|escrib|detall|describ|incluy|expon|expón|da|deline)[^ \n]{0,24} (?:[^ \n]{1,32} ){0,5}(?:razonamiento|pasos)|\brazon(?:a|e|ando) |étape par étape|etape par etape|pas à pas|chaîne de (?:pensée|raisonnement)|(?<![^ \n])(?:montr|expliqu|écri|détaill|décri|donn|présent|expos)[^ \n]{0,24} (?:[^ \n]{1,32} ){0,5}(?:raisonnement|étapes|réflexion)|raisonne[zr]? |schritt für schritt|schritt fuer schritt|schrittweise|(?<![^ \n])(?:zeig|erklär|schreib|beschreib|begründ|leg|gib|nenn|erläuter)[^ \n]{0,24} (?:[^ \n]{1,32} ){0,6}(?:gedankeng[aä]nge?|denkprozess|denkweg|überlegungen|lösungsweg|rechenweg|schritte)|passo a passo|cadeia de pensamento|(?<![^ \n])(?:mostr|expliqu|escrev|detalh|descrev)[^ \n]{0,24} (?:[^ \n]{1,32} ){0,5}(?:raciocínio|passos)|catena di (?:pensiero|ragionamento)|(?<![^ \n])(?:mostra|spiega|scrivi|descrivi) (?:[^ \n]{1,32} ){0,5}(?:ragionamento|passaggi)|шаг за шагом|по шагам|пошагово|ход (?:[^ \n]{1,32} )?(?:рассуждени|мысл)|цепочк[^ \n] (?:рассуждени|мысл)|рассуждай|단계별|단계적|단계 ?단계|(?:추론|사고|풀이) ?과정|خطوة ب?خطوة|कदम दर कदम|चरण दर चरण|चरणबद्ध/,
  },
  {
    behaviour: 'grading',
    explains: 'rate, score, grade, evaluate ... a response, answer, output, completion',
    triggers:
      'rate score grade evaluate assess judge mark rank critique rating scoring evaluating grading judging ranking evaluation',
    pattern: new RegExp(
      `\\b(?:rate|score|grade|evaluate|assess|judge|mark|rank|critique|rating|scoring|evaluating|grading|judging|ranking|evaluation of) (?:\\w+ ){0,8}${ANSWERS}\\b|\\b(?:scores?|ratings?|grades?|marks|points) (?:\\w+ ){0,4}(?:for|to) (?:\\w+ ){0,3}${ANSWERS}\\b`,
    ),
  },
  {
    behaviour: 'grading',
    explains: 'a numeric scale for something given: from 1 to 10, out of 100, 1-5 points per criterion',
    triggers: 'scale score scores rating points marks grade',
    pattern: new RegExp(
      `\\b(?:rate|score|grade|evaluate|assess|judge|mark|assign|give)\\w* [^\\n]{0,160}?\\b(?:scale|scores?|ratings?|points?|marks|grades?) (?:\\w+ ){0,3}(?:0|1|one|zero) (?:to |and |through |until )?(?:3|4|5|6|7|10|20|100|five|ten)\\b|\\b(?:scale|scores?|ratings?|grades?|points|marks) (?:\\w+ ){0,4}(?:0|1) (?:to |and |through )?(?:5|6|7|10|20|100)\\b [^\\n]{0,160}?\\b${ANSWERS}\\b|\\b${ANSWERS}\\b [^\\n]{0,120}?\\bout of (?:5|10|20|100|five|ten)\\b`,
    ),
  },
  {
    behaviour: 'grading',
    explains:
      'which of two or more answers is better: pairwise comparison, preference, ranking; not the choice in a multiple-choice question',
    triggers:
      'better best prefer preferred preferable winner wins worse superior compare comparing tie ranking',
    pattern: new RegExp(
      `\\bwhich (?:one )?(?:of (?:the|these|those) )?(?:\\w+ ){0,4}${ANSWERS} (?:\\w+ ){0,5}(?:better|best|prefer\\w*|superior|worse|wins|more (?:helpful|accurate|correct|truthful|harmless|relevant))\\b(?! (?:answers?|describes?|completes?|fits?|represents?|explains?|matches|summari[sz]es?)\\b)|\\b(?:better|best|preferred|preferable|superior|winning|worse|chosen) (?:of the (?:two )?)?(?:\\w+ )?${ANSWERS}\\b(?= (?:a|b|1|2|and|between|is|by|or|in terms|based|according)\\b)|\\b(?:response|answer|assistant|output|model|candidate|completion|option) (?:a|1|one) (?:\\w+ ){0,8}(?:or|and|versus|vs|against|with|than) (?:\\w+ ){0,3}(?:b|2|two)\\b|\\bcompar(?:e|ing) (?:\\w+ ){0,4}(?:two|both|these|following|pair of|three|four) (?:\\w+ ){0,3}${ANSWERS}\\b`,
    ),
  },
  {
    behaviour: 'grading',
    explains: 'the model as judge, grader, reward model; rubrics, criteria, verdicts in JSON',
    triggers:
      'rubric rubrics judge grader evaluator rater annotator assessor impartial verdict reward preference critic referee',
    pattern:
      /\brubrics?\b|\b(?:impartial|fair|strict|expert|objective|careful|unbiased|neutral|experienced|professional) (?:\w+ ){0,3}(?:judge|grader|evaluator|rater|annotator|assessor|critic|referee)\b|\b(?:act|acting|serve|serving|you are|youre|role|function|as) (?:as )?(?:an? |the |my |our )?(?:\w+ ){0,3}(?:judge|grader|evaluator|rater|annotator|assessor|reward model|preference model)\b|\b(?:verdict|winner|preference) (?:\w+ ){0,10}(?:json|a b|tie|only)\b|\bjson (?:\w+ ){0,10}(?:verdict|winner|score|rating|preference)\b|\breward (?:model|score|signal)\b/,
  },
  {
    behaviour: 'grading',
    explains: 'Chinese and Japanese: 评分, 打分, 评估以下回答, 哪个回答更好, 採点, どちらの回答',
    triggers: '评 評 分 哪 採 優 优 ど',
    pattern:
      /(?:评分|打分|评价|评估|评判|评审|打个分|評分|評價|評估|評価|採点|スコア).{0,60}(?:回答|回复|回覆|答案|输出|輸出|回应|回應|応答|解答|答え|生成)|(?:回答|回复|回覆|答案|输出|輸出|回应|回應|応答|解答|答え).{0,60}(?:评分|打分|评价|评估|评判|評分|評價|評估|評価|採点|スコア)|哪(?:一)?[个個種种](?:回答|答案|回复|回覆|输出|回应).{0,10}(?:更|比较|較|最)?(?:好|优|優|佳|准确)|どちらの?(?:回答|応答|答え|出力)|(?:满分|滿分|満点).{0,6}(?:5|10|100)/,
  },
  {
    behaviour: 'grading',
    explains: 'Spanish, French, German, Portuguese, Italian, Russian, Korean',
    triggers:
      'califica califique calificar evalúa evalua evalúe evaluar puntúa puntúe puntuación evalue évalue évaluez évaluer noter notez attribue attribuez bewerte bewerten bewertung beurteile beurteilen benote avalie avaliar valuta valutare оцени оцените оценить оценка сравни 평가 채점 점수 compara compare comparez vergleiche besser mejor meilleure migliore melhor лучше',
    pattern:
      /(?<![^ \n])(?:califi[cq]|eval[uú]|punt[uú]|évalue|note[zr]?|attribue|bewert|beurteil|benot|avali|valut|оцен|сравн|compar|vergleich)[^ \n]{0,24} (?:[^ \n]{1,32} ){0,8}(?:respuestas?|réponses?|antwort(?:en)?|respostas?|rispost[ae]|ответ[^ \n]{0,24}|salidas?|sorties?|ausgaben?)|(?<![^ \n])(?:respuestas?|réponses?|antwort(?:en)?|respostas?|rispost[ae]|ответ[^ \n]{0,24}) (?:[^ \n]{1,32} ){0,6}(?:mejor|meilleure?|besser|melhor|migliore|лучше)|(?:응답|답변|대답|답안).{0,30}(?:평가|채점|점수)|(?:평가|채점).{0,30}(?:응답|답변|대답|답안)/,
  },
  {
    behaviour: 'thinking-language',
    explains: 'the thinking, not the answer, is to be in a given language',
    triggers: 'think reason reasoning thinking thoughts thought cot scratchpad deliberate monologue',
    pattern: new RegExp(
      `(?<!\\b(?:i|we|they|people|who|would|dont|do you) )\\b(?:think|reason|deliberate|reasoning|thinking|thoughts?|thought process|cot|scratch ?pad|monologue) (?:\\w+ ){0,7}?(?:in|into|using|language|be) (?:\\w+ ){0,2}?${LANGUAGES}\\b|\\b(?:use|using|write in|switch to) ${LANGUAGES} (?:\\w+ ){0,5}(?:think|reason|reasoning|thinking|thoughts|chain of thought)\\b|\\b(?:thinking|reasoning) language\\b|\\blanguage (?:\\w+ ){0,4}(?:reasoning|thinking|thoughts|chain of thought)\\b`,
    ),
  },
  {
    behaviour: 'thinking-language',
    explains: 'the same in Chinese, Japanese, Spanish, French, German, Russian, Korean',
    triggers:
      '思 推 考 piensa razona pensamiento razonamiento pense pensez réfléchis réfléchissez raisonne raisonnez denke denken думай рассуждай 생각 추론 사고',
    pattern:
      /(?:用|使用|以)[中英日法德俄韩韓汉漢西阿][国國]?[文语語](?:来|來|进行|進行|去)?(?:思考|推理|思维|思維)|(?:思考|推理|思维|思維)(?:的)?(?:过程|過程|内容|內容|语言|語言|链)?.{0,6}(?:用|使用|以|是|为|為).{0,4}[中英日法德俄韩韓汉漢西阿][国國]?[文语語]|(?:英|日本|中国|フランス|ドイツ)語で.{0,4}(?:考|思考|推論)|(?<![^ \n])(?:piens|razon|pensamiento)[^ \n]{0,24} (?:[^ \n]{1,32} ){0,5}en (?:inglés|español|chino|francés|alemán)|(?<![^ \n])(?:pens|réfléchi|raisonn)[^ \n]{0,24} (?:[^ \n]{1,32} ){0,5}en (?:anglais|français|chinois|espagnol|allemand)|denken? (?:[^ \n]{1,32} ){0,5}auf (?:englisch|deutsch|chinesisch|französisch|spanisch)|(?<![^ \n])(?:думай|рассуждай)[^ \n]{0,24} (?:[^ \n]{1,32} ){0,5}(?:по|на) ?(?:русски|английск|китайск)|(?:영어|한국어|중국어|일본어)로 ?(?:생각|추론|사고)/,
  },
  {
    behaviour: 'multi-sample',
    explains: 'several different answers to one question, in words',
    triggers:
      'different distinct independent diverse alternative separate unique candidate samples completions times variations versions',
    pattern: new RegExp(
      `\\b(?:give|generate|provide|write|produce|sample|create|offer|return|output|draft|propose|answer)\\w* (?:\\w+ ){0,4}${SEVERAL} (?:\\w+ ){0,2}(?:different|distinct|independent|diverse|alternative|separate|unique|candidate) (?:\\w+ ){0,2}(?:answers?|responses?|solutions?|completions?|versions?|variations?|attempts?|samples?|outputs?|replies|rewrites|paraphrases|candidates)\\b|\\b${SEVERAL} (?:independent |separate |candidate |sample )(?:samples|completions|answers|responses|solutions|attempts)\\b|\\banswer (?:\\w+ ){0,6}${SEVERAL} (?:separate |different |independent )?times\\b`,
    ),
  },
  {
    behaviour: 'multi-sample',
    explains: 'the same in Chinese: 给出五个不同的答案',
    triggers: '同 独 種 种',
    pattern:
      /(?:给|給|生成|写|寫|提供|列).{0,4}(?:\d+|两|兩|三|四|五|六|八|十|几|幾|多)[个個种種].{0,4}(?:不同|独立|獨立).{0,6}(?:答案|回答|版本|解法|回复)/,
  },
  {
    behaviour: 'logprobs',
    explains: 'asks in words for token probabilities or logits',
    triggers: 'logprob logprobs logits logit probabilities probability log',
    pattern:
      /\blog ?prob(?:s|abilit\w+)?\b|\btoken(?: level)? (?:log )?probabilit|\bprobabilit(?:y|ies) (?:\w+ ){0,4}(?:each|every|next|per|top) (?:\w+ )?tokens?\b|\blogits? (?:\w+ ){0,4}(?:tokens?|outputs?|vocabulary)/,
  },
  {
    behaviour: 'format',
    explains: 'a machine-readable answer: JSON, XML, YAML, CSV, a schema',
    triggers: 'json jsonl xml yaml csv tsv schema ndjson',
    pattern:
      /\b(?:respond|answer|reply|output|return|format|produce|give|provide|write|generate|print|results?|response|structured|valid|strict|only|as|in|into|using|following) (?:\w+ ){0,6}(?:json|xml|yaml|csv|jsonl|ndjson|tsv)\b|\b(?:json|xml|yaml|csv|jsonl) (?:object|format|array|schema|output|only|list|response|string|document|格式)|(?:格式|输出|輸出|返回|形式)(?: ?为| ?為| ?成| ?:)? ?(?:json|xml|yaml|csv)\b|json ?(?:形式|格式)/,
  },
  {
    behaviour: 'format',
    explains: 'a fixed output format that a program will read',
    triggers: 'format formatted template 格',
    pattern:
      /\b(?:required|exact|specified|strict|given|following|this|same|below) (?:output |answer |response |json )?format\b|\b(?:output|answer|response) format\b|\bformat (?:your|the|all) (?:\w+ ){0,2}(?:answers?|responses?|outputs?)\b|(?:输出|輸出|回答|以下|如下|下列|指定|固定)的?格式/,
  },
  {
    behaviour: 'persona',
    explains: 'gives the model a role: you are a ..., act as, pretend to be',
    triggers: 'you youre act acting pretend roleplay role persona imagine assume',
    pattern:
      /(?:^|\b(?:that|now|please|hello|hi|hey|imagine|assume|suppose|pretend|assistant|system|on|today|prompt|instruction|instructions) )(?:you are|youre|you will be|you will act as|you act as|you re) (?:now )?(?:an? |the |my |our |called |named |[a-z]+(?:gpt|bot)\b)(?!new situation|bit\b|few\b|lot\b|little\b)|\b(?:act|acting|behave|respond|serve|role ?play|play the role|playing the role|take on the role|assume the role|in the role|pretend|persona)(?: (?:of|as|to be|that you are)| as if you (?:are|were)) (?:an? |the |my |our )?\w+/,
  },
  {
    behaviour: 'persona',
    explains: 'the same in Chinese, Japanese, Spanish, French, German, Portuguese, Russian',
    triggers: '扮 演 你 あ eres actúa actua tu vous agis du sie você você és você ты вы 당신 너는',
    pattern:
      /(?:^|现在|從現在|假设|假設|想象|请|請|，)你(?:现在|現在)?(?:是|作为|作為|将扮演)(?:一|个|個|名|位|我的|资深|資深|专业|專業|the)|扮演|充当|あなたは.{1,24}(?:です|として)|\beres (?:un|una|el|la) |\bact[uú]a como |(?:^|que )(?:tu es|vous êtes) (?:un|une|le|la) |\bagis comme |(?:^|dass )(?:du bist|sie sind) (?:ein|eine|der|die) |(?:^|que )você é (?:um|uma|o|a) |^(?:ты|вы) |당신은 .{1,20}(?:입니다|이다)|너는 .{1,20}(?:이야|야)/u,
  },
];

const HEAD = 3000;
const TAIL = 1500;

/** Words to listen for while folding; bit i of a word's mask calls for row i of the table. */
export const TRIGGERS: Triggers = build();

function build(): Triggers {
  if (PHRASINGS.length > 32) throw new Error('behaviours: more than 32 rows: one bit a row');
  const triggers = new Triggers();
  for (const [row, phrasing] of PHRASINGS.entries())
    for (const word of phrasing.triggers.split(' ')) triggers.add(word, 1 << row);
  return triggers;
}

/** A set of behaviours as bits, by their place in BEHAVIOURS. */
export function bitOf(behaviour: Behaviour): number {
  return 1 << BEHAVIOURS.indexOf(behaviour);
}

/** The behaviours that the words of a folded text show, as bits. */
export function behavioursOf(folded: FoldedText): number {
  if (folded.triggers === 0) return 0;
  let text: string | undefined;
  let found = 0;
  for (let row = 0; row < PHRASINGS.length; row++) {
    if ((folded.triggers & (1 << row)) === 0) continue;
    const phrasing = PHRASINGS[row] as Phrasing;
    const bit = bitOf(phrasing.behaviour);
    if ((found & bit) !== 0) continue;
    text ??= instructionText(folded);
    if (phrasing.pattern.test(text)) found |= bit;
  }
  return found;
}

/** Head and tail of the folded text, a line break between them where something was left out. */
function instructionText(folded: FoldedText): string {
  if (folded.length <= HEAD + TAIL) return decode(folded, 0, folded.length);
  return `${decode(folded, 0, HEAD)}\n${decode(folded, folded.length - TAIL, folded.length)}`;
}

function decode(folded: FoldedText, from: number, to: number): string {
  const bytes = Buffer.from(folded.units.buffer, folded.units.byteOffset + from * 2, (to - from) * 2);
  return bytes.toString('utf16le');
}

/** The names of a set of behaviours, in the order of BEHAVIOURS. */
export function behaviourNames(bits: number): Behaviour[] {
  return BEHAVIOURS.filter((_, index) => (bits & (1 << index)) !== 0);
}

/**
 * Whether a request is phrased as a task: it begins with a verb that tells the model what to do (Write, Generate,
 * Describe, 写, Explique, ...), also after a polite opening ("Could you please ...") or a role ("You are a careful
 * tutor. Show ..."). Query sets for distillation are almost all tasks; search queries and small talk are not.
 */
export function beginsAsTask(text: string): boolean {
  let head = text.slice(0, HEAD).trimStart();
  head = head.replace(LABEL, '').toLowerCase();
  if (CJK_TASK.test(head)) return true;
  for (let leads = 0; leads < 3; leads++) {
    if (taskAt(head)) return true;
    const rest = ROLE.test(head) ? nextSentence(head) : head.replace(LEAD, '');
    if (rest === undefined || rest.length === head.length) break;
    head = rest;
  }
  return EASTERN_ENDING.test(text.slice(-60).trimEnd());
}

const HEAD = 600;

/** A label before the task: "Instruction: ...", "Task 3: ...", "### Prompt:", "Q: ..." */
const LABEL =
  /^(?:[#>*\-\s]*)(?:(?:instructions?|tasks?|prompt|request|command|exercise|problem|step|指令|任务|任務|要求|aufgabe|tarea|tâche|consigne)\s*\d*\s*[:：.]\s*)?["“”'«(\s]*/i;

/** What politeness puts before the verb. */
const LEAD =
  /^(?:(?:hi|hello|hey|ok|okay|now|then|so|and|also|next|first|again|thanks|thank you|great|good)\b[,!. ]*|(?:please|kindly|pls|plz|just)\b[, ]*|(?:can|could|would|will) (?:you|u)(?: please| kindly| also| just| help me(?: to)?)?\s+|(?:i (?:want|need|would like|d like|'d like) (?:you )?to\s+)|(?:your (?:task|job|goal) is(?: to)?\s+)|(?:you (?:must|should|need to|have to|will)\s+)|(?:help me(?: to)?\s+)|(?:let'?s\s+)|(?:(?:in|for|using|based on|given|with|from|as) [^.?!\n]{1,80}?[,:]\s*)|(?:por favor|porfavor|puedes|podrías|podría|s'il (?:te|vous) plaît|stp|svp|peux-tu|pouvez-vous|pourrais-tu|pourriez-vous|bitte|kannst du|können sie|könntest du|könnten sie|per favore|puoi|potresti|você pode|poderia|пожалуйста|можешь|можете)[, ]+)/;

const ROLE =
  /^(?:you are|you're|youre|you will be|imagine (?:that )?you|assume (?:that )?you|pretend (?:that )?you|as an? |eres |tu es |vous êtes |du bist |sie sind |você é |ты |вы )/;

const CJK_TASK =
  /^(?:(?:请|請|帮我|幫我|麻烦|麻煩|你能|能否|可以|给我|給我|为我|為我|用|根据|根據|将|將|把|以|对|對|从|從|在)[^。？！\n]{0,24}?)?(?:写|寫|生成|描述|解释|解釋|翻译|翻譯|列出|列举|列舉|创建|創建|创作|創作|编写|編寫|设计|設計|总结|總結|概括|分析|计算|計算|比较|比較|提供|改写|改寫|分类|分類|提取|回答|说明|說明|推荐|推薦|介绍|介紹|制定|构建|構建|判断|判斷|找出|选择|選擇|完成|给出|給出|撰写|撰寫|讨论|討論|评估|評估|评价|描写|造句|润色|续写|扩写|缩写|简述|阐述|论述|证明|求解|解答|排序|归纳|模拟|输出|构思|编|起草|使用|替换|修改|检查|确定|识别|标注)/;

/** Japanese and Korean put the verb last. */
const EASTERN_ENDING =
  /(?:ください|下さい|なさい|せよ|してくれ|してほしい|お願いします|書いて|教えて|해 ?줘|해 ?주세요|하세요|하시오|하라|해라|써 ?줘|알려 ?줘|작성해)[。.!！」"]*$/;

const VERBS = new Set(
  (
    'write generate create describe explain list give provide summarize summarise translate rewrite rephrase paraphrase classify identify compare contrast analyze analyse calculate compute find design develop compose construct make suggest name tell state define discuss outline edit convert transform determine evaluate assess rate score rank grade judge choose select pick answer solve prove show draw sketch plan propose recommend estimate predict extract categorize categorise group sort arrange order organize organise fill complete continue finish add insert remove delete replace change modify correct fix improve simplify shorten expand elaborate illustrate demonstrate interpret infer deduce derive detect highlight label annotate tag match combine merge split divide multiply reverse count measure verify check validate test debug implement code program build refactor optimize optimise formulate brainstorm imagine invent craft draft produce prepare devise report review critique criticize compile formalize rearrange restate reword respond reply ask pretend act think reason consider use read look search research investigate explore trace present introduce argue justify defend persuade convince advertise pitch narrate recount tell retell quote cite parse tokenize format print output return run execute simulate model plot graph visualize render install configure set deploy query select join crawl scrape download play role roleplay speak say spell pronounce conjugate examine study observe apply assume suppose decide rank prioritize schedule assign allocate specify enumerate itemize mention point recall repeat provide supply offer share teach help guide walk take turn put break work figure decode encode encrypt decrypt hash join concatenate capitalize lowercase uppercase sum subtract integrate differentiate factor factorize simplify evaluate expand round graph approximate balance synthesize synthesise extrapolate ' +
    // Spanish, Portuguese
    'escribe escriba escribir genera genere generar crea cree crear describe describa describir explica explique explicar lista enumera enumere da dame dé proporciona resume resuma resumir traduce traduzca traducir clasifica clasifique identifica identifique compara compare analiza analice calcula calcule encuentra encuentre diseña diseñe haz haga hacer sugiere sugiera nombra define defina redacta redacte elabora elabore responde responda resuelve menciona muestra escreva gere crie descreva explique liste dê forneça resuma traduza classifique identifique analise calcule encontre faça sugira defina elabore responda mostre ' +
    // French, Italian
    'écris écrivez écrire rédige rédigez rédiger génère générez générer crée créez créer décris décrivez décrire explique expliquez expliquer donne donnez donner liste listez résume résumez résumer traduis traduisez traduire classe classez identifie identifiez compare comparez analyse analysez calcule calculez trouve trouvez propose proposez fais faites imagine imaginez définis définissez réponds répondez montre montrez scrivi scrivere genera crea descrivi spiega elenca fornisci riassumi traduci classifica identifica confronta analizza calcola trova suggerisci rispondi mostra ' +
    // German
    'schreibe schreib schreiben generiere generieren erstelle erstellen beschreibe beschreib beschreiben erkläre erklär erklären nenne nennen liste gib geben fasse fassen übersetze übersetzen klassifiziere identifiziere vergleiche vergleichen analysiere analysieren berechne berechnen finde finden entwirf entwerfen entwickle entwickeln schlage mache mach definiere definieren formuliere formulieren beantworte beantworten zeige zeigen löse lösen ' +
    // Russian, Polish, Turkish, Vietnamese
    'напиши напишите создай создайте сгенерируй опиши опишите объясни объясните перечисли перечислите дай дайте переведи переведите сравни сравните проанализируй найди найдите предложи предложите составь составьте придумай расскажи расскажите реши ответь покажи napisz stwórz opisz wyjaśnij wymień podaj przetłumacz porównaj yaz oluştur açıkla listele viết tạo hãy giải liệt dịch'
  ).split(' '),
);

/** Words after which a verb's form is a noun: "list of ...", "name of ...", "design is ...", "check engine". */
const NOUN_MARKERS = new Set([
  'of',
  'is',
  'are',
  'was',
  'were',
  'vs',
  'definition',
  'meaning',
  'patterns',
  'engine',
  'examples',
  'key',
  'and',
]);

const FIRST_WORDS = /^([\p{L}\p{M}'’-]+)(?:[^\p{L}]+([\p{L}\p{M}]+))?/u;

function taskAt(head: string): boolean {
  const match = FIRST_WORDS.exec(head);
  if (match === null) return false;
  const first = (match[1] as string).replace(/-.*$/, '');
  if (!VERBS.has(first)) return false;
  return first === 'think' || match[2] === undefined || !NOUN_MARKERS.has(match[2]);
}

/** What stands after the first sentence, line or colon; undefined where there is nothing. */
function nextSentence(head: string): string | undefined {
  const at = head.search(/[.!?:。！？\n]\s/);
  return at < 0 ? undefined : head.slice(at + 1).trimStart();
}

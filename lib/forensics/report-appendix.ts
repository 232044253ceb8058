import { type Html, html, table } from '../report/html.ts';
import { MEASURED } from './measured.ts';

/** The method in plain words, with its measured error rates: what counsel hands over with the figures. */
export function methodAppendix(): Html {
  return html`<h2>Appendix: the method in plain words</h2>
<p><b>The question.</b> Two models that know nothing of each other still agree: they find the same questions easy, fall for the same wrong answers, and write in the style of their time. So the test does not ask whether they agree more than chance, but whether they agree more than pairs of unrelated models do on the same questions.</p>
<p><b>First: is it closer than strangers are?</b> Likeness is measured for every pair of the models in hand: the reference, the suspect and the controls. What a model has in common with everybody is taken out, and so is what accuracy, length and formatting do by themselves. What is left is the excess. Multiple choice is corrected for both accuracies (CAPA's κ), for each question's difficulty and the pull of each of its wrong options. Free-form answers are weighed by how much likelier it is that they agree if one model repeats the other: a shared wrong answer counts the more, the fewer other families give it, and answers that differ count against it. Texts are compared by types of sentences and their order, sentence openers, word pairs and layout, replies also by what is said at each prompt; traces and replies have nulls of their own.</p>
<p><b>The words of the tables.</b> <i>Excess</i>: likeness beyond what is expected of two unrelated models of these accuracies, lengths and formats; 0 is none. <i>Kappa</i> (κ): agreement of choices, 0 as by chance, 1 complete. <i>Log-likelihood ratio an item</i>: how much likelier the answers are if one model repeats the other, as a natural logarithm. <i>Likeness in the first view</i>: the cosine of two vectors, 1 for the same direction. <i>z</i>: the excess in standard deviations of the unrelated pairs. <i>Corrected p</i>: p after Holm's correction for all the questions asked in this run. <i>Power</i>: the chance that a true excess of that size is found.</p>
<p><b>The p-value</b> is the rank of this pair among the unrelated pairs: (1 + pairs at or above) / (1 + pairs). All models are treated alike, so the rank is right although pairs share models. It is as good as the controls: they must be unrelated, of the same kind and generation as the parties, and asked the same way. Controls that resemble a party themselves are named, and the result without them is shown. A likeness of answers must also be there on wrong answers alone, and without the letter that the two share most or the answers that recur in both: test items that leaked, a parser that fills in what it did not find, or a filter that refuses, make the rest. Texts in a language that the controls do not write are not compared.</p>
<p><b>Second: to whom?</b> Only candidates who can have taught the suspect are asked about: a teacher released after the student is struck out. A classifier trained on the candidates' own traces says which of them would have written the suspect's; replies and answers go by their excess likeness. Candidates that explain it as well are named together as not told apart. Nobody is named unless the first question was answered with yes.</p>
<p><b>Third: by what?</b> Shared wrong answers point to shared knowledge: the same weights, base or training answers. Shared style can also be the style of a generation. Direction leaves no trace.</p>
<h3>Measured error rates</h3>
${table(
  ['What', 'Data', 'Rate'],
  MEASURED.map((m) => [m.what, m.data, m.rate]),
)}
<p class="muted">Measured on public models' answers with whole families and makers left out in turn; other models may differ.</p>`;
}

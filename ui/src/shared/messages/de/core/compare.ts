// German for what the core says of votes, judges and experiments. The keys are its English forms.
export const compare: Record<string, string> = {
  'Blind needs two models: add one to the line-up first.':
    'Blind braucht zwei Modelle: Nehmen Sie erst eines in die Aufstellung.',
  'The names of this turn are hidden: vote first, or reveal them.':
    'Die Namen dieser Runde sind verborgen: Stimmen Sie erst ab oder decken Sie sie auf.',
  'The answers are still being written: vote when all are there.':
    'Die Antworten werden noch geschrieben: Stimmen Sie ab, wenn alle da sind.',
  'This turn was not asked blind.': 'Diese Runde wurde nicht blind gefragt.',
  'The names have been shown: a vote now would not be blind.':
    'Die Namen wurden gezeigt: Eine Stimme wäre jetzt nicht blind.',
  'A vote compares two answers or more, and fewer came.':
    'Eine Stimme vergleicht zwei Antworten oder mehr, und es kamen weniger.',
  'This answer is not among those that are compared.':
    'Diese Antwort ist nicht unter denen, die verglichen werden.',
  'An order names two answers or more, each once.':
    'Eine Reihenfolge nennt zwei Antworten oder mehr, jede einmal.',
  'The answers are still being written: stop them first, or wait.':
    'Die Antworten werden noch geschrieben: Halten Sie sie erst an oder warten Sie.',
  'This answer failed. Why is told after the vote.':
    'Diese Antwort ist gescheitert. Warum, wird nach der Abstimmung gesagt.',
  'A turn of this conversation hides its names: vote first, or reveal them.':
    'Eine Runde dieser Unterhaltung verbirgt ihre Namen: Stimmen Sie erst ab oder decken Sie sie auf.',
  'There is nothing to compare: fewer than two models have answered.':
    'Es gibt nichts zu vergleichen: Weniger als zwei Modelle haben geantwortet.',
  'More than 16 answers at once are not supported.': 'Mehr als 16 Antworten auf einmal gehen nicht.',
  'These answers are longer than 1 MB together, which is more than is sent at once.':
    'Diese Antworten sind zusammen länger als 1 MB, und so viel wird nicht auf einmal gesendet.',
  'Agreement needs two answers or more.': 'Übereinstimmung braucht zwei Antworten oder mehr.',
  'More than 16 answers are not compared at once.':
    'Mehr als 16 Antworten werden nicht auf einmal verglichen.',
  'These answers are longer than 2 MB together, which is more than is compared here.':
    'Diese Antworten sind zusammen länger als 2 MB, und so viel wird hier nicht verglichen.',
  'A rubric has 1 to {most_criteria} criteria.': 'Ein Bewertungsbogen hat 1 bis {most_criteria} Kriterien.',
  'A criterion has a name of 1 to {most} characters, and {more} at most say what it means.':
    'Ein Kriterium hat einen Namen von 1 bis {most} Zeichen, und höchstens {more} sagen, was es bedeutet.',
  'Two criteria are called “{name}”.': 'Zwei Kriterien heißen „{name}“.',
  'A judge is at this turn already: wait for it, or stop it first.':
    'An dieser Runde ist schon ein Richter: Warten Sie auf ihn oder halten Sie ihn erst an.',
  'The judge did not reply in the form it was asked for: {why}. Nothing of its reply is used; what it cost is booked. Try again, or choose another judge.':
    'Der Richter hat nicht in der Form geantwortet, um die er gebeten war: {why}. Nichts davon wird verwendet; was es gekostet hat, ist verbucht. Versuchen Sie es noch einmal oder wählen Sie einen anderen Richter.',
  'A judgement cannot be read from the database.': 'Ein Urteil lässt sich nicht aus der Datenbank lesen.',
  'Parallax was closed while the judge was at it. What it cost is booked; ask again.':
    'Parallax wurde geschlossen, während der Richter daran war. Was es gekostet hat, ist verbucht; fragen Sie noch einmal.',
  'A list has 1 to {points} points, 16 KB at most.': 'Eine Liste hat 1 bis {points} Punkte, höchstens 16 KB.',
  'Say what is to be made of the answers, in 16 KB at most.':
    'Sagen Sie in höchstens 16 KB, was aus den Antworten werden soll.',
  'How an answer was made cannot be read from the database.':
    'Wie eine Antwort entstanden ist, lässt sich nicht aus der Datenbank lesen.',
  'one of the four is not a list': 'eines der vier ist keine Liste',
  'it lists more than {most} findings': 'es nennt mehr als {most} Befunde',
  'a finding is not an object': 'ein Befund ist kein Objekt',
  'a finding quotes no answer': 'ein Befund zitiert keine Antwort',
  'a quote is not an object': 'ein Zitat ist kein Objekt',
  'what one answer alone says is quoted from several':
    'was eine Antwort allein sagt, ist aus mehreren zitiert',
  'a consensus or contradiction is quoted from one answer':
    'eine Übereinstimmung oder ein Widerspruch ist aus einer Antwort zitiert',
  'an answer is not named by its letter': 'eine Antwort ist nicht mit ihrem Buchstaben genannt',
  'there is no answer {word}': 'eine Antwort {word} gibt es nicht',
  'it is not a JSON object': 'es ist kein JSON-Objekt',
  'it is not JSON ({error})': 'es ist kein JSON ({error})',
  'it has an unknown field {other}': 'es hat ein unbekanntes Feld {other}',
  'the field {name} is missing': 'das Feld {name} fehlt',
  '{what} is not a text': '{what} ist kein Text',
  '"answers" is not a list': '"answers" ist keine Liste',
  'an entry is not an object': 'ein Eintrag ist kein Objekt',
  'answer {letter} is scored twice': 'die Antwort {letter} ist zweimal bewertet',
  'not every answer is scored': 'nicht jede Antwort ist bewertet',
  '"scores" is not an object': '"scores" ist kein Objekt',
  'there is no criterion {other}': 'ein Kriterium {other} gibt es nicht',
  '{name} has no whole points from 1 to {most_points}':
    '{name} hat keine ganzen Punkte von 1 bis {most_points}',
  '"pass" is neither true nor false': '"pass" ist weder true noch false',
  'There is no such experiment.': 'Dieses Experiment gibt es nicht.',
  'There is no such cell.': 'Diese Zelle gibt es nicht.',
  'This experiment does not run in this window.': 'Dieses Experiment läuft nicht in diesem Fenster.',
  'The checks of a cell cannot be read.': 'Die Prüfungen einer Zelle lassen sich nicht lesen.',
  'The settings of a cell cannot be read.': 'Die Einstellungen einer Zelle lassen sich nicht lesen.',
  'This experiment was removed. Restore it to go on with it.':
    'Dieses Experiment wurde entfernt. Stellen Sie es wieder her, um damit fortzufahren.',
  'This experiment is running: pause it first.': 'Dieses Experiment läuft: Halten Sie es erst an.',
  'This experiment is running already.': 'Dieses Experiment läuft schon.',
  'This experiment is being run by another Parallax: stop it first.':
    'Dieses Experiment führt gerade ein anderes Parallax aus: Halten Sie es dort erst an.',
  'This experiment is being run by another Parallax: wait for it, or stop it first.':
    'Dieses Experiment führt gerade ein anderes Parallax aus: Warten Sie darauf oder halten Sie es dort erst an.',
  'The prompt of a cell is gone.': 'Den Prompt einer Zelle gibt es nicht mehr.',
  'The models of this experiment are gone.': 'Die Modelle dieses Experiments gibt es nicht mehr.',
  'The answer was stopped before its end.': 'Die Antwort wurde vor ihrem Ende angehalten.',
  'Parallax ended while this was being answered. Whether the provider billed it is not known, so it is not asked again unless you say so.':
    'Parallax endete, während dies beantwortet wurde. Ob der Anbieter es berechnet hat, ist nicht bekannt; es wird deshalb nur noch einmal gefragt, wenn Sie es sagen.',
  'This was stopped while it was being answered. Whether the provider billed it is not known, so it is not asked again unless you say so.':
    'Dies wurde angehalten, während es beantwortet wurde. Ob der Anbieter es berechnet hat, ist nicht bekannt; es wird deshalb nur noch einmal gefragt, wenn Sie es sagen.',
  'These are not the answers of one row of this experiment.':
    'Das sind nicht die Antworten einer Zeile dieses Experiments.',
  'This row has been voted on: a vote now would not be blind.':
    'Über diese Zeile ist abgestimmt: Eine Stimme wäre jetzt nicht blind.',
  'Each of these answers has been voted on beside others, and those votes stand.':
    'Über jede dieser Antworten ist schon neben anderen abgestimmt, und diese Stimmen bleiben.',
  'A row is voted on by its best answer.': 'Über eine Zeile stimmt man mit ihrer besten Antwort ab.',
  'The experiment names no model: add models.': 'Das Experiment nennt kein Modell: Fügen Sie Modelle hinzu.',
  'More than 16 models in one experiment are not supported.':
    'Mehr als 16 Modelle in einem Experiment gehen nicht.',
  'The experiment cannot be run: {why}.': 'Das Experiment lässt sich nicht ausführen: {why}.',
  'The prompt “{label}”: {why}.': 'Der Prompt „{label}“: {why}.',
  'The experiment has no cells.': 'Das Experiment hat keine Zellen.',
  '{bad}.': '{bad}.',
  '{label}: {why}.': '{label}: {why}.',
  '{name}: {bad}.': '{name}: {bad}.',
  'The judge {judge}: {bad}.': 'Der Richter {judge}: {bad}.',
};

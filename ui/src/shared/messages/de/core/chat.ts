// German for what the core says of conversations, answers and what is typed. The keys are its English forms.
export const chat: Record<string, string> = {
  'This conversation is gone.': 'Diese Unterhaltung gibt es nicht mehr.',
  'This answer is gone.': 'Diese Antwort gibt es nicht mehr.',
  'This turn is gone.': 'Diese Runde gibt es nicht mehr.',
  'This message is gone.': 'Diese Nachricht gibt es nicht mehr.',
  'This judgement is gone.': 'Dieses Urteil gibt es nicht mehr.',
  'This answer is still being written. Stop it first.':
    'Diese Antwort wird noch geschrieben. Halten Sie sie erst an.',
  'This answer cannot be gone on with. Retry it instead.':
    'Diese Antwort lässt sich nicht fortsetzen. Stellen Sie die Frage stattdessen noch einmal.',
  'More than 16 models at once are not supported: remove some from the line-up.':
    'Mehr als 16 Modelle auf einmal gehen nicht: Nehmen Sie einige aus der Aufstellung.',
  'A title has 1 to 200 characters.': 'Ein Titel hat 1 bis 200 Zeichen.',
  'A line-up has at least one model.': 'Eine Aufstellung hat mindestens ein Modell.',
  'A line-up has 1 to 16 models.': 'Eine Aufstellung hat 1 bis 16 Modelle.',
  'There is nothing to send: write a prompt first.':
    'Es gibt nichts zu senden: Schreiben Sie erst einen Prompt.',
  'There is nothing to send: every message is empty.': 'Es gibt nichts zu senden: Jede Nachricht ist leer.',
  'The prompt is longer than 4 MB. Shorten it.': 'Der Prompt ist länger als 4 MB. Kürzen Sie ihn.',
  'No model is chosen: add one to the line-up first.':
    'Kein Modell ist gewählt: Nehmen Sie erst eines in die Aufstellung.',
  'A model the prompt is for has left the line-up.':
    'Ein Modell, für das der Prompt ist, ist nicht mehr in der Aufstellung.',
  'Answer {parent} belongs to another conversation.':
    'Die Antwort {parent} gehört zu einer anderen Unterhaltung.',
  'The prompt to be written anew is not in this conversation.':
    'Der Prompt, der neu geschrieben werden soll, ist nicht in dieser Unterhaltung.',
  'A lane whose answers were to be shown is gone.':
    'Eine Spalte, deren Antworten gezeigt werden sollten, gibt es nicht mehr.',
  'What this answer was shown cannot be read from the database.':
    'Was dieser Antwort gezeigt wurde, lässt sich nicht aus der Datenbank lesen.',
  'What an answer was shown cannot be read from the database.':
    'Was einer Antwort gezeigt wurde, lässt sich nicht aus der Datenbank lesen.',
  'The prompt of this answer is gone.': 'Den Prompt dieser Antwort gibt es nicht mehr.',
  'This answer is not in this conversation.': 'Diese Antwort ist nicht in dieser Unterhaltung.',
  'This lane is still writing. Wait for its answer or stop it.':
    'Diese Spalte schreibt noch. Warten Sie auf ihre Antwort oder halten Sie sie an.',
  'This answer is not in this turn.': 'Diese Antwort ist nicht in dieser Runde.',
  'This model has not answered yet.': 'Dieses Modell hat noch nicht geantwortet.',
  'An answer is still being written. Wait for it or stop it first.':
    'Eine Antwort wird noch geschrieben. Warten Sie auf sie oder halten Sie sie erst an.',
  'An answer in this conversation is still being written. Stop it first.':
    'Eine Antwort in dieser Unterhaltung wird noch geschrieben. Halten Sie sie erst an.',
  'This conversation is in the trash. Restore it to go on with it.':
    'Diese Unterhaltung liegt im Papierkorb. Stellen Sie sie wieder her, um mit ihr fortzufahren.',
  'Only what is in the trash can be removed for good. Delete the conversation first.':
    'Endgültig entfernen lässt sich nur, was im Papierkorb liegt. Löschen Sie die Unterhaltung erst.',
  'These are the answers of an experiment. Remove the experiment, and they go with it.':
    'Das sind die Antworten eines Experiments. Entfernen Sie das Experiment, dann gehen sie mit.',
  'There is no such conversation.': 'Diese Unterhaltung gibt es nicht.',
  'A note has at most {note_limit} characters.': 'Eine Notiz hat höchstens {note_limit} Zeichen.',
  'There is no answer to write a note on.': 'Es gibt keine Antwort, zu der eine Notiz passt.',
  'A tag or a folder has a name of 1 to {short_name} characters.':
    'Ein Schlagwort oder Ordner hat einen Namen von 1 bis {short_name} Zeichen.',
  'A conversation has at most {most_tags} tags.': 'Eine Unterhaltung hat höchstens {most_tags} Schlagwörter.',
  'A tag is made by giving it to a conversation.':
    'Ein Schlagwort entsteht, indem man es einer Unterhaltung gibt.',
  'What this attempt sent was not kept.': 'Was dieser Versuch gesendet hat, wurde nicht aufbewahrt.',
  'What was sent can no longer be put together exactly: the messages before it have changed.':
    'Was gesendet wurde, lässt sich nicht mehr genau zusammensetzen: Die Nachrichten davor haben sich geändert.',
  'Parallax was closed while this answer was being written. Everything you had seen is here; retry to ask again.':
    'Parallax wurde geschlossen, während diese Antwort geschrieben wurde. Alles, was Sie gesehen hatten, ist hier; „Noch einmal“ fragt von vorn.',
  'Parallax closed before this was done.': 'Parallax wurde geschlossen, bevor dies fertig war.',
  'The model for titles did not reply with a title. What it cost is booked; choose another model.':
    'Das Modell für Titel hat nicht mit einem Titel geantwortet. Was es gekostet hat, ist verbucht; wählen Sie ein anderes Modell.',
  'Parallax made a mistake while displaying this answer and shows no more of it. The whole text is kept and can be copied; please report it.':
    'Parallax hat beim Anzeigen dieser Antwort einen Fehler gemacht und zeigt nichts weiter davon. Der ganze Text ist aufbewahrt und lässt sich kopieren; bitte melden Sie es.',
  'This search is longer than 4 KB. Shorten it.': 'Diese Suche ist länger als 4 KB. Kürzen Sie sie.',
  'Write has:code; nothing else can be asked for yet.':
    'Schreiben Sie has:code; nach anderem lässt sich noch nicht fragen.',
  'Write vote:won for the answers that your votes find best.':
    'Schreiben Sie vote:won für die Antworten, die Ihre Stimmen am besten finden.',
  'There is nothing to ask yet.': 'Es gibt noch nichts zu fragen.',
  'This is too long for here. Ask it in the main window.':
    'Das ist hierfür zu lang. Fragen Sie es im Hauptfenster.',
  'The keys are one of {quick_keys}.': 'Die Tasten sind eine von {quick_keys}.',
  'There is no desktop whose keys could be taken.':
    'Es gibt keinen Desktop, dessen Tasten man nehmen könnte.',
  'Another program has taken {keys}. Choose other keys.':
    'Ein anderes Programm hat {keys} belegt. Wählen Sie andere Tasten.',
  'This link is not opened: {why}.': 'Dieser Link wird nicht geöffnet: {why}.',
  'No browser could be started. Copy the address instead.':
    'Es ließ sich kein Browser starten. Kopieren Sie die Adresse stattdessen.',
  'The desktop shows no notifications of Parallax.':
    'Der Desktop zeigt keine Benachrichtigungen von Parallax.',
  'This window may not do that.': 'Dieses Fenster darf das nicht.',
  'A name has 1 to 80 characters.': 'Ein Name hat 1 bis 80 Zeichen.',
  '“/{word}” cannot be typed as a command: use letters, digits, - and _.':
    '„/{word}“ lässt sich nicht als Befehl tippen: Nehmen Sie Buchstaben, Ziffern, - und _.',
  'Give it a word to type behind the slash.':
    'Geben Sie ihm ein Wort, das man hinter dem Schrägstrich tippt.',
  'The text is empty.': 'Der Text ist leer.',
  'The text is longer than 64 kB. Attach it as a file instead.':
    'Der Text ist länger als 64 kB. Hängen Sie ihn stattdessen als Datei an.',
  'There are 500 of them. Remove some first.': 'Es gibt schon 500 davon. Entfernen Sie erst einige.',
  'There is one called “{name}” already. Choose another name.':
    'Es gibt schon einen Eintrag namens „{name}“. Wählen Sie einen anderen Namen.',
  '“/{word}” brings up “{name}” already. Choose another word.':
    '„/{word}“ holt schon „{name}“. Wählen Sie ein anderes Wort.',
  'Write a name after {facet}: as in {facet}:{sample}.':
    'Schreiben Sie einen Namen hinter {facet}: wie in {facet}:{sample}.',
  'Write a cost in dollars with < or >, as in cost:>0.05.':
    'Schreiben Sie Kosten in Dollar mit < oder >, wie in cost:>0.05.',
  'Write a date as 2026, 2026-11 or 2026-11-21, as in date:2026-11.':
    'Schreiben Sie ein Datum als 2026, 2026-11 oder 2026-11-21, wie in date:2026-11.',
};

// German for what the core says of imports. The keys are its English forms.
export const imports: Record<string, string> = {
  '1 conversation is in the trash and stays there.': '1 Unterhaltung liegt im Papierkorb und bleibt dort.',
  '{n} conversations are in the trash and stay there.':
    '{n} Unterhaltungen liegen im Papierkorb und bleiben dort.',
  '1 conversation has edited prompts or repeated answers; all of them are kept.':
    '1 Unterhaltung hat geänderte Prompts oder wiederholte Antworten; alle sind aufbewahrt.',
  '{n} conversations have edited prompts or repeated answers; all of them are kept.':
    '{n} Unterhaltungen haben geänderte Prompts oder wiederholte Antworten; alle sind aufbewahrt.',
  '1 answer is longer or finished in the file and takes the place of what was here.':
    '1 Antwort ist in der Datei länger oder fertig und tritt an die Stelle der bisherigen.',
  '{n} answers are longer or finished in the file and take the places of what was here.':
    '{n} Antworten sind in der Datei länger oder fertig und treten an die Stelle der bisherigen.',
  '1 message says something else in the file; it is kept as it is here.':
    '1 Nachricht lautet in der Datei anders; sie bleibt, wie sie hier ist.',
  '{n} messages say something else in the file; they are kept as they are here.':
    '{n} Nachrichten lauten in der Datei anders; sie bleiben, wie sie hier sind.',
  '1 message of a conversation that was begun here is only in the file; it is not taken.':
    '1 Nachricht einer hier begonnenen Unterhaltung steht nur in der Datei; sie wird nicht übernommen.',
  '{n} messages of conversations that were begun here are only in the file; they are not taken.':
    '{n} Nachrichten hier begonnener Unterhaltungen stehen nur in der Datei; sie werden nicht übernommen.',
  'This import only added messages to conversations that other imports had brought. They stay as long as those do.':
    'Dieser Import hat nur Unterhaltungen anderer Importe um Nachrichten ergänzt. Sie bleiben, solange es diese gibt.',
  '1 picture or file comes along from the archive.': '1 Bild oder Datei kommt aus dem Archiv mit.',
  '{n} pictures and files come along from the archive.': '{n} Bilder und Dateien kommen aus dem Archiv mit.',
  '1 picture or file does not come along; a note stands in its place.':
    '1 Bild oder Datei kommt nicht mit; an der Stelle steht ein Hinweis.',
  "{n} pictures and files do not come along; a note stands in each one's place.":
    '{n} Bilder und Dateien kommen nicht mit; an jeder Stelle steht ein Hinweis.',
  '1 invisible character was taken out.': '1 unsichtbares Zeichen wurde herausgenommen.',
  '{n} invisible characters were taken out.': '{n} unsichtbare Zeichen wurden herausgenommen.',
  '1 hidden message to the model was left out.': '1 verborgene Nachricht an das Modell wurde weggelassen.',
  '{n} hidden messages to the model were left out.':
    '{n} verborgene Nachrichten an das Modell wurden weggelassen.',
  '1 entry passed over: {reason}.': '1 Eintrag übergangen: {reason}.',
  '{n} entries passed over: {reason}.': '{n} Einträge übergangen: {reason}.',
  'The file ends in the middle: what came before is kept. Download it again.':
    'Die Datei endet mittendrin: Was davor kam, ist aufbewahrt. Laden Sie sie noch einmal herunter.',
  'It was stopped. Import the file again to go on from there.':
    'Der Import wurde angehalten. Importieren Sie die Datei noch einmal, um dort fortzufahren.',
  '{n} {reason}': '{n} {reason}',
  nothing: 'nichts',
  'not a conversation': 'keine Unterhaltung',
  'not readable': 'nicht lesbar',
  'without an id': 'ohne Kennung',
  empty: 'leer',
  'larger than 24 MB': 'größer als 24 MB',
  'written by a newer version of Parallax': 'von einer neueren Version von Parallax geschrieben',
};

// German for what the core says of attachments, backups, imports and the database. The keys are its English forms.
export const files: Record<string, string> = {
  'This file is larger than 32 MB. Attach a smaller one, or a part of it.':
    'Diese Datei ist größer als 32 MB. Hängen Sie eine kleinere oder einen Teil davon an.',
  'The file did not arrive whole. Try again.': 'Die Datei kam nicht ganz an. Versuchen Sie es noch einmal.',
  '“{name}” {why}': '„{name}“ {why}',
  'is empty.': 'ist leer.',
  'is larger than 20 MB. Make the picture smaller, then attach it again.':
    'ist größer als 20 MB. Verkleinern Sie das Bild und hängen Sie es noch einmal an.',
  'is larger than 32 MB. Split the document, then attach a part of it.':
    'ist größer als 32 MB. Teilen Sie das Dokument und hängen Sie einen Teil davon an.',
  'is {other}, which cannot be attached. Save it as PDF, PNG or text first.':
    'ist {other} und lässt sich nicht anhängen. Speichern Sie es erst als PDF, PNG oder Text.',
  'is larger than 4 MB. Attach the part that matters.':
    'ist größer als 4 MB. Hängen Sie den Teil an, auf den es ankommt.',
  'is neither a picture nor a PDF nor text. Save it as one of these first.':
    'ist weder ein Bild noch ein PDF noch Text. Speichern Sie es erst als eines davon.',
  'a HEIC picture': 'ein HEIC-Bild',
  'an AVIF picture': 'ein AVIF-Bild',
  'a sound recording': 'eine Tonaufnahme',
  'a video': 'ein Video',
  'an archive or office document': 'ein Archiv oder Office-Dokument',
  'an old office document': 'ein altes Office-Dokument',
  'a TIFF picture': 'ein TIFF-Bild',
  'a program': 'ein Programm',
  'is no recording.': 'ist keine Aufnahme.',
  'is larger than 32 MB.': 'ist größer als 32 MB.',
  '“{name}” cannot be read: the picture is damaged or far too large. Save it anew in another program.':
    '„{name}“ lässt sich nicht lesen: Das Bild ist beschädigt oder viel zu groß. Speichern Sie es in einem anderen Programm neu.',
  'Scaled from {wide} × {high} to {width} × {height} pixels, which is all that providers look at.':
    'Von {wide} × {high} auf {width} × {height} Pixel verkleinert; mehr sehen sich Anbieter nicht an.',
  'Only the first picture of the GIF is sent.': 'Nur das erste Bild des GIF wird gesendet.',
  '“{name}” could not be prepared for sending. Save it as PNG or JPEG first.':
    '„{name}“ ließ sich nicht zum Senden vorbereiten. Speichern Sie es erst als PNG oder JPEG.',
  'Turned upright as the camera noted.': 'Aufgerichtet, wie die Kamera es vermerkt hat.',
  'There is no picture here any more.': 'Hier gibt es kein Bild mehr.',
  'A picture of the type {media_type} cannot be shown. Export the conversation to keep it.':
    'Ein Bild der Art {media_type} lässt sich nicht zeigen. Exportieren Sie die Unterhaltung, um es zu behalten.',
  'This file is not on this computer any more. Attach it again.':
    'Diese Datei ist nicht mehr auf diesem Rechner. Hängen Sie sie noch einmal an.',
  '“{name}” is not on this computer any more. Attach it again.':
    '„{name}“ ist nicht mehr auf diesem Rechner. Hängen Sie es noch einmal an.',
  'No text could be read from it: only models that read documents will see what it says.':
    'Daraus ließ sich kein Text lesen: Nur Modelle, die Dokumente lesen, sehen, was darin steht.',
  'More than 20 files at once are not supported. Take some out.':
    'Mehr als 20 Dateien auf einmal gehen nicht. Nehmen Sie einige heraus.',
  'The files are larger than 40 MB together, more than providers take. Take some out.':
    'Die Dateien sind zusammen größer als 40 MB; mehr nehmen Anbieter nicht. Nehmen Sie einige heraus.',
  'An attached file is damaged on the disk. Attach it again.':
    'Eine angehängte Datei ist auf der Festplatte beschädigt. Hängen Sie sie noch einmal an.',
  'A backup is going on. Wait for it, or stop it.':
    'Eine Sicherung läuft. Warten Sie darauf oder halten Sie sie an.',
  'There is no downloads folder. Use `parallax backup FILE` instead.':
    'Es gibt keinen Ordner für Downloads. Nehmen Sie stattdessen `parallax backup FILE`.',
  'There is no downloads folder. Use `parallax leaderboard --votes > FILE` instead.':
    'Es gibt keinen Ordner für Downloads. Nehmen Sie stattdessen `parallax leaderboard --votes > FILE`.',
  'There is no downloads folder. Use `parallax experiment export ID > FILE` instead.':
    'Es gibt keinen Ordner für Downloads. Nehmen Sie stattdessen `parallax experiment export ID > FILE`.',
  'There is no downloads folder. Use `parallax history export ID > FILE` instead.':
    'Es gibt keinen Ordner für Downloads. Nehmen Sie stattdessen `parallax history export ID > FILE`.',
  'There is no downloads folder. Use `parallax audit --json > FILE` instead.':
    'Es gibt keinen Ordner für Downloads. Nehmen Sie stattdessen `parallax audit --json > FILE`.',
  'There is no downloads folder. Use `parallax spend export --csv > FILE` instead.':
    'Es gibt keinen Ordner für Downloads. Nehmen Sie stattdessen `parallax spend export --csv > FILE`.',
  'There are too many exports of this minute. Wait a moment.':
    'Es gibt zu viele Exporte dieser Minute. Warten Sie einen Augenblick.',
  'Too many backups of today. Move some away.':
    'Es gibt zu viele Sicherungen von heute. Legen Sie einige woandershin.',
  'Write the full path of the backup.': 'Schreiben Sie den ganzen Pfad der Sicherung.',
  'Write the full path of the file.': 'Schreiben Sie den ganzen Pfad der Datei.',
  '{path} could not be written ({error}).': '{path} ließ sich nicht schreiben ({error}).',
  '{path} could not be read ({error}).': '{path} ließ sich nicht lesen ({error}).',
  '{path} exists already. Choose another name.': '{path} gibt es schon. Wählen Sie einen anderen Namen.',
  '{path}: {why}': '{path}: {why}',
  'Nothing was restored. {why}': 'Nichts wurde zurückgespielt. {why}',
  'This is no backup of Parallax.': 'Das ist keine Sicherung von Parallax.',
  'Nothing was restored: the backup is of a newer Parallax. Install the newer version.':
    'Nichts wurde zurückgespielt: Die Sicherung ist von einem neueren Parallax. Installieren Sie die neuere Version.',
  'It holds a file that no backup of Parallax has.':
    'Sie enthält eine Datei, die keine Sicherung von Parallax hat.',
  'One of its files is not what its name says.': 'Eine ihrer Dateien ist nicht, was ihr Name sagt.',
  "Nothing was restored: the backup's database {why}.":
    'Nichts wurde zurückgespielt: Die Datenbank der Sicherung {why}.',
  'cannot be read ({error})': 'lässt sich nicht lesen ({error})',
  'is not one of Parallax': 'ist keine von Parallax',
  'is damaged ({check})': 'ist beschädigt ({check})',
  'Another import is going on. Wait for it.': 'Ein anderer Import läuft. Warten Sie darauf.',
  'There is no such import.': 'Diesen Import gibt es nicht.',
  'Nothing was imported. {error}': 'Nichts wurde importiert. {error}',
  'This is neither JSON, a zip archive nor a log of llm.':
    'Das ist weder JSON noch ein Zip-Archiv noch ein Protokoll von llm.',
  'The file ends in the middle of its first conversation. Download it again.':
    'Die Datei endet mitten in ihrer ersten Unterhaltung. Laden Sie sie noch einmal herunter.',
  'There is no conversation in this file that Parallax can read (found: {found}). It reads exports of ChatGPT, Claude, Open WebUI, LibreChat, llm and Parallax.':
    'In dieser Datei ist keine Unterhaltung, die Parallax lesen kann (gefunden: {found}). Es liest Exporte von ChatGPT, Claude, Open WebUI, LibreChat, llm und Parallax.',
  'The file could not be read ({error}).': 'Die Datei ließ sich nicht lesen ({error}).',
  'This database is not a log of llm.': 'Diese Datenbank ist kein Protokoll von llm.',
  "The archive's table of contents is cut off or damaged.":
    'Das Inhaltsverzeichnis des Archivs ist abgeschnitten oder beschädigt.',
  'The archive has more than 100,000 entries.': 'Das Archiv hat mehr als 100.000 Einträge.',
  'The archive is encrypted. Unpack it first, then import the file.':
    'Das Archiv ist verschlüsselt. Entpacken Sie es erst und importieren Sie dann die Datei.',
  'The archive is packed in a way that no export uses.':
    'Das Archiv ist auf eine Weise gepackt, die kein Export benutzt.',
  'The archive holds a link to another place.': 'Das Archiv enthält einen Verweis auf einen anderen Ort.',
  'The archive names a place outside of itself.': 'Das Archiv nennt einen Ort außerhalb seiner selbst.',
  'The archive would swell to more than 200 times its size.':
    'Das Archiv würde auf mehr als das 200-Fache anschwellen.',
  'The archive holds two entries of the same name.': 'Das Archiv enthält zwei Einträge desselben Namens.',
  'The archive would unpack to more than 20 GB.': 'Das Archiv würde entpackt mehr als 20 GB groß.',
  "The archive's entries lie over each other.": 'Die Einträge des Archivs liegen übereinander.',
  'Another program is holding the database. Close it or wait, then try again.':
    'Ein anderes Programm hält die Datenbank. Schließen Sie es oder warten Sie und versuchen Sie es noch einmal.',
  'The disk is full, so nothing more can be saved. Free some space and try again.':
    'Die Festplatte ist voll, es lässt sich nichts mehr speichern. Schaffen Sie Platz und versuchen Sie es noch einmal.',
  'The database is damaged ({error}). Quit and keep the file; a backup can be restored.':
    'Die Datenbank ist beschädigt ({error}). Beenden Sie Parallax und behalten Sie die Datei; eine Sicherung lässt sich zurückspielen.',
  'The data folder cannot be read or written ({error}). Check the disk and its permissions.':
    'Der Datenordner lässt sich nicht lesen oder schreiben ({error}). Prüfen Sie die Festplatte und ihre Rechte.',
  'The database refused a step of the program: {error}.':
    'Die Datenbank hat einen Schritt des Programms abgelehnt: {error}.',
  'Cannot {doing} {path}: {error}.': '{path} lässt sich nicht {doing}: {error}.',
  'create the folder': 'als Ordner anlegen',
  create: 'anlegen',
  lock: 'sperren',
  'look for': 'suchen',
  open: 'öffnen',
  protect: 'schützen',
  read: 'lesen',
  remove: 'entfernen',
  rename: 'umbenennen',
  'write to disk': 'auf die Festplatte schreiben',
  write: 'schreiben',
  'The database cannot be read ({error}).': 'Die Datenbank lässt sich nicht lesen ({error}).',
  'A conversation in this log is larger than 256 MB, which is more than is imported.':
    'Eine Unterhaltung in diesem Protokoll ist größer als 256 MB, und so viel wird nicht importiert.',
  'The data folder is on a file system that several programs cannot share safely. Choose a folder on a local disk.':
    'Der Datenordner liegt auf einem Dateisystem, das sich mehrere Programme nicht sicher teilen können. Wählen Sie einen Ordner auf einer lokalen Festplatte.',
  'the file is missing but its journal is there': 'die Datei fehlt, aber ihr Journal ist da',
  'it is not a database': 'es ist keine Datenbank',
  'it belongs to another program': 'sie gehört einem anderen Programm',
  'it is damaged': 'sie ist beschädigt',
  'The newest backup is {path}.': 'Die neueste Sicherung ist {path}.',
  'There is no backup yet.': 'Es gibt noch keine Sicherung.',
  'Cannot use {path}: {why}. It was left as it is. {remedy}':
    '{path} ist nicht verwendbar: {why}. Es wurde gelassen, wie es ist. {remedy}',
  'The backup was not kept: it cannot be read again ({why}).':
    'Die Sicherung wurde nicht aufbewahrt: Sie lässt sich nicht wieder lesen ({why}).',
  'The database holds something unreadable in the column {column}.':
    'Die Datenbank enthält in der Spalte {column} etwas Unlesbares.',
  'The database was left as it is: its backup, which must come first, is not sound ({check}).':
    'Die Datenbank wurde gelassen, wie sie ist: Ihre Sicherung, die zuerst kommen muss, ist nicht heil ({check}).',
  'The path of the data folder is not valid Unicode.': 'Der Pfad des Datenordners ist kein gültiges Unicode.',
  '{path}: {why}.': '{path}: {why}.',
};

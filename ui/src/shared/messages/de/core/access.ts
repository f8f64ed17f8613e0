// German for what the core says of keys, providers, policies and routes. The keys are its English forms.
export const access: Record<string, string> = {
  'There is no key for {name}. Add one in Settings, or with `parallax key set {provider}`.':
    'Für {name} gibt es keinen Schlüssel. Fügen Sie einen in den Einstellungen hinzu oder mit `parallax key set {provider}`.',
  'The key for {name} is in the system keychain, and no keychain answers here. Start it, or give the key to this process by PARALLAX_KEY_{provider}.':
    'Der Schlüssel für {name} liegt im Schlüsselbund des Systems, und hier antwortet kein Schlüsselbund. Starten Sie ihn oder geben Sie den Schlüssel diesem Prozess mit PARALLAX_KEY_{provider}.',
  'Providers or keys changed again and again while this was asked. Ask again.':
    'Anbieter oder Schlüssel haben sich immer wieder geändert, während dies gefragt wurde. Fragen Sie noch einmal.',
  'The provider was removed.': 'Der Anbieter wurde entfernt.',
  'There is no provider called “{id}”.': 'Einen Anbieter namens „{id}“ gibt es nicht.',
  'The provider cannot be told from this key. Choose it in Settings and enter the key there.':
    'Von welchem Anbieter dieser Schlüssel ist, lässt sich nicht erkennen. Wählen Sie ihn in den Einstellungen und geben Sie den Schlüssel dort ein.',
  'The address of {name} needs nothing of yours.': 'Die Adresse von {name} braucht nichts von Ihnen.',
  '{provider} has no field “{name}”. It has: {names}.': '{provider} hat kein Feld „{name}“. Es hat: {names}.',
  '{why}, such as {example}.': '{why}, etwa {example}.',
  '{why}.': '{why}.',
  '{label} is {choices}.': '{label} ist {choices}.',
  '{label} are pairs of a model and its name, each model once':
    '{label} sind Paare aus einem Modell und seinem Namen, jedes Modell einmal',
  '{label} may hold letters, digits, points, hyphens and underscores':
    '{label} darf Buchstaben, Ziffern, Punkte, Binde- und Unterstriche enthalten',
  '{why} It ends in {hosts}.': '{why} Er endet auf {hosts}.',
  '{label} is a host name alone': '{label} ist nur der Name eines Rechners',
  "A key's label is 1 to 40 letters, digits, points, hyphens and underscores, and begins with a letter or digit.":
    'Der Name eines Schlüssels hat 1 bis 40 Buchstaben, Ziffern, Punkte, Binde- und Unterstriche und beginnt mit einem Buchstaben oder einer Ziffer.',
  '“environment” stands for keys from the environment. Choose another label.':
    '„environment“ steht für Schlüssel aus der Umgebung. Wählen Sie einen anderen Namen.',
  'The key is in a system keychain that does not answer, so it could not be deleted. Start the keychain and delete the key again.':
    'Der Schlüssel liegt in einem Schlüsselbund des Systems, der nicht antwortet, und ließ sich deshalb nicht löschen. Starten Sie den Schlüsselbund und löschen Sie den Schlüssel noch einmal.',
  '{name} has no key called “{unknown}”.': '{name} hat keinen Schlüssel namens „{unknown}“.',
  '{name} has no key called “{label}” for its present address.':
    '{name} hat für seine jetzige Adresse keinen Schlüssel namens „{label}“.',
  '{name} lists what could be deployed, not your deployments. Ask for one as DEPLOYMENT@{id}.':
    '{name} nennt, was sich einrichten ließe, nicht Ihre Deployments. Fragen Sie eines als DEPLOYMENT@{id}.',
  '{name} speaks “{dialect}”, which this version cannot.':
    '{name} spricht „{dialect}“, was diese Version nicht kann.',
  '{name} speaks “{dialect}”, which this version cannot. Choose another provider for this model.':
    '{name} spricht „{dialect}“, was diese Version nicht kann. Wählen Sie einen anderen Anbieter für dieses Modell.',
  '{name} offers no way to test a key without spending. The first question will show.':
    '{name} bietet keinen Weg, einen Schlüssel ohne Ausgaben zu prüfen. Die erste Frage wird es zeigen.',
  'The answer is longer than 16 MB.': 'Die Antwort ist länger als 16 MB.',
  'A limit of zero would let nothing through. Leave it empty for no limit, or exclude the provider in a policy.':
    'Eine Grenze von null ließe nichts durch. Lassen Sie das Feld leer, wenn es keine Grenze gibt, oder schließen Sie den Anbieter in einer Richtlinie aus.',
  '“{id}” cannot be a provider id: use lower-case letters, digits and dashes.':
    '„{id}“ kann keine Kennung eines Anbieters sein: Nehmen Sie Kleinbuchstaben, Ziffern und Bindestriche.',
  '“demo” is built in and cannot be replaced.': '„demo“ ist eingebaut und lässt sich nicht ersetzen.',
  '“auto/…” leaves the choice of the model to Parallax, so no provider can be called so.':
    '„auto/…“ überlässt Parallax die Wahl des Modells; so kann kein Anbieter heißen.',
  'There is no dialect called “{dialect}”. Known are: {known_dialects}.':
    'Ein Protokoll namens „{dialect}“ gibt es nicht. Bekannt sind: {known_dialects}.',
  'Only an address on this computer, such as http://127.0.0.1:8080/v1, can be marked as local.':
    'Nur eine Adresse auf diesem Rechner, etwa http://127.0.0.1:8080/v1, lässt sich als lokal bezeichnen.',
  'Built-in providers cannot be removed.': 'Eingebaute Anbieter lassen sich nicht entfernen.',
  'The address of {name} needs your own: {labels}. Enter it in Settings, or with `parallax provider set {id} {given}`.':
    'Die Adresse von {name} braucht Eigenes von Ihnen: {labels}. Geben Sie es in den Einstellungen ein oder mit `parallax provider set {id} {given}`.',
  'There is no provider called “{id}”. Add it in Settings or with `parallax provider add`.':
    'Einen Anbieter namens „{id}“ gibt es nicht. Fügen Sie ihn in den Einstellungen hinzu oder mit `parallax provider add`.',
  "The provider's key header has a name that cannot be sent.":
    'Die Kopfzeile für den Schlüssel des Anbieters hat einen Namen, der sich nicht senden lässt.',
  'Access keys sign for a region, and none is given. Enter it in Settings, or with `parallax provider set {provider} region=…`.':
    'Zugangsschlüssel unterschreiben für eine Region, und es ist keine angegeben. Geben Sie sie in den Einstellungen ein oder mit `parallax provider set {provider} region=…`.',
  'The key holds characters that no key has. Enter it again.':
    'Der Schlüssel enthält Zeichen, die kein Schlüssel hat. Geben Sie ihn noch einmal ein.',
  'The key holds spaces or line breaks. Copy it again, without what stands around it.':
    'Der Schlüssel enthält Leerzeichen oder Zeilenumbrüche. Kopieren Sie ihn noch einmal, ohne das, was darum herum steht.',
  'These are no whole access keys. Enter ACCESS_KEY_ID:SECRET_ACCESS_KEY, with :SESSION_TOKEN behind them if they are temporary, or the JSON that the aws command gives, or an API key of Bedrock.':
    'Das sind keine ganzen Zugangsschlüssel. Geben Sie ACCESS_KEY_ID:SECRET_ACCESS_KEY ein, mit :SESSION_TOKEN dahinter, wenn sie nur eine Zeit lang gelten, oder das JSON, das der Befehl aws gibt, oder einen API-Schlüssel von Bedrock.',
  'The key is empty.': 'Der Schlüssel ist leer.',
  'A key from the environment cannot be stored under its own label.':
    'Ein Schlüssel aus der Umgebung kann nicht unter deren Bezeichnung abgelegt werden.',
  'No trusted certificates were found on this system. Install its ca-certificates and try again.':
    'Auf diesem System wurden keine vertrauenswürdigen Zertifikate gefunden. Installieren Sie seine ca-certificates und versuchen Sie es noch einmal.',
  "The proxy's address cannot be read. Enter it in Settings like http://host:8080.":
    'Die Adresse des Proxys lässt sich nicht lesen. Geben Sie sie in den Einstellungen wie http://host:8080 ein.',
  'The header "{name}" {why}. Change it in the provider\'s settings.':
    'Die Kopfzeile „{name}“ {why}. Ändern Sie sie in den Einstellungen des Anbieters.',
  'has a name that cannot be sent': 'hat einen Namen, der sich nicht senden lässt',
  'is set by Parallax alone': 'wird nur von Parallax gesetzt',
  'has a value that cannot be sent': 'hat einen Wert, der sich nicht senden lässt',
  '{host} redirects to {to}. Keys are never sent on; if you trust the new address, enter it as the base URL.':
    '{host} leitet nach {to} um. Schlüssel werden nie weitergeschickt; wenn Sie der neuen Adresse vertrauen, tragen Sie sie als Basis-URL ein.',
  '{host} sends more than 64 KiB of headers. Its answer is not read.':
    '{host} sendet mehr als 64 KiB Kopfzeilen. Seine Antwort wird nicht gelesen.',
  '{host} compresses its answer although it was asked not to. It is not read.':
    '{host} komprimiert seine Antwort, obwohl darum gebeten war, es nicht zu tun. Sie wird nicht gelesen.',
  "The base URL cannot be read. Enter it like https://api.example.com/v1 in the provider's settings.":
    'Die Basis-URL lässt sich nicht lesen. Geben Sie sie in den Einstellungen des Anbieters wie https://api.example.com/v1 ein.',
  'The base URL must begin with https:// (or http:// for this machine).':
    'Die Basis-URL muss mit https:// beginnen (für diesen Rechner auch mit http://).',
  'The base URL names no host.': 'Die Basis-URL nennt keinen Rechner.',
  'The base URL for {host} holds a user name or password. Remove it and store the key as a key.':
    'Die Basis-URL für {host} enthält einen Benutzernamen oder ein Passwort. Nehmen Sie es heraus und legen Sie den Schlüssel als Schlüssel ab.',
  'The base URL for {host} must end before any ? or #.':
    'Die Basis-URL für {host} muss vor einem ? oder # enden.',
  '{host} is a link-local, metadata or unspecified address and is never called. For a server on this machine use 127.0.0.1.':
    '{host} ist eine Link-local-, Metadaten- oder unbestimmte Adresse und wird nie angerufen. Für einen Server auf diesem Rechner nehmen Sie 127.0.0.1.',
  'A key is not sent to {place} over plain http, where anyone on the way can read it. Use https, or remove the key.':
    'Ein Schlüssel wird nicht über unverschlüsseltes http an {place} gesendet, wo jeder auf dem Weg ihn lesen kann. Nehmen Sie https oder entfernen Sie den Schlüssel.',
  'This build has no gateway. Use `parallax serve`.':
    'Dieser Bau hat kein Gateway. Nehmen Sie `parallax serve`.',
  'Choose a port from 1024 to 65535: those below belong to the system.':
    'Wählen Sie einen Port von 1024 bis 65535: Die darunter gehören dem System.',
  'The gateway cannot listen at 127.0.0.1:{port} ({error}). Another program may be there: stop it, or choose another port.':
    'Das Gateway kann unter 127.0.0.1:{port} nicht lauschen ({error}). Vielleicht ist dort ein anderes Programm: Halten Sie es an oder wählen Sie einen anderen Port.',
  'There is an app key called “{name}” already. Revoke it first, or take another name.':
    'Einen App-Schlüssel namens „{name}“ gibt es schon. Widerrufen Sie ihn erst oder nehmen Sie einen anderen Namen.',
  "Name models as author/name, or all of a maker's as author/*.":
    'Nennen Sie Modelle als author/name oder alle eines Herstellers als author/*.',
  'A limit of nothing lets nothing through: revoke the key instead.':
    'Eine Grenze von nichts lässt nichts durch: Widerrufen Sie stattdessen den Schlüssel.',
  'This is too large to be kept as a setting.': 'Das ist zu groß, um als Einstellung aufbewahrt zu werden.',
  'Settings of the window begin with “view.”.': 'Einstellungen des Fensters beginnen mit „view.“.',
  'A theme is system, light or dark.': 'Eine Darstellung ist system, light oder dark.',
  'There is no policy called “{id}”, so nothing was sent. See `parallax policy list`.':
    'Eine Richtlinie namens „{id}“ gibt es nicht, deshalb wurde nichts gesendet. Siehe `parallax policy list`.',
  "“{id}” cannot be a policy's id: use lower-case letters, digits and dashes.":
    '„{id}“ kann keine Kennung einer Richtlinie sein: Nehmen Sie Kleinbuchstaben, Ziffern und Bindestriche.',
  '“{id}” is built in and stays as it is. Give yours another id.':
    '„{id}“ ist eingebaut und bleibt, wie es ist. Geben Sie Ihrer eine andere Kennung.',
  '“{id}” is the usual policy. Make another one usual first.':
    '„{id}“ ist die übliche Richtlinie. Machen Sie erst eine andere zur üblichen.',
  '“{id}” is in use by {users} chats, lanes or app keys. Put them under another policy first: what it forbids would be lost.':
    '„{id}“ gilt für {users} Chats, Spalten oder App-Schlüssel. Geben Sie ihnen erst eine andere Richtlinie: Was sie verbietet, ginge verloren.',
  'There is no policy of your own called “{id}”.': 'Eine eigene Richtlinie namens „{id}“ gibt es nicht.',
  'The rules name a provider “{name}”, and there is none called so. `parallax provider list` shows the ids.':
    'Die Regeln nennen einen Anbieter „{name}“, und so heißt keiner. `parallax provider list` zeigt die Kennungen.',
  'No provider in the catalogue serves “{model}”. Look it up with `parallax models`, or name a provider: {model}@PROVIDER.':
    'Kein Anbieter im Katalog führt „{model}“. Schlagen Sie es mit `parallax models` nach oder nennen Sie einen Anbieter: {model}@PROVIDER.',
  'There is no “auto/{wish}”. Known are auto/cheapest, auto/fast and auto/best.':
    'Ein „auto/{wish}“ gibt es nicht. Bekannt sind auto/cheapest, auto/fast und auto/best.',
  "No model that could answer this is set up. Add a provider's key in Settings, or with `parallax key set PROVIDER`.":
    'Kein Modell, das dies beantworten könnte, ist eingerichtet. Fügen Sie den Schlüssel eines Anbieters in den Einstellungen hinzu oder mit `parallax key set PROVIDER`.',
  'The conversation is longer than this model can read. Start a new chat or choose a model with a larger context.':
    'Die Unterhaltung ist länger, als dieses Modell lesen kann. Beginnen Sie einen neuen Chat oder wählen Sie ein Modell mit größerem Kontext.',
  '{name} is not running on this machine. Start it, then look for local servers in Settings.':
    '{name} läuft nicht auf diesem Rechner. Starten Sie es und suchen Sie dann in den Einstellungen nach lokalen Servern.',
  'It is not known of any provider at which precision it serves, so the rule on `quantizations` leaves none, and nothing was sent. Take the rule out, or put “unknown” among its words.':
    'Von keinem Anbieter ist bekannt, mit welcher Genauigkeit er rechnet; die Regel zu `quantizations` lässt deshalb keinen übrig, und nichts wurde gesendet. Nehmen Sie die Regel heraus oder setzen Sie „unknown“ unter ihre Wörter.',
  "The rules (policy “{policy}” and what the request itself says) permit none of this model's providers, so nothing was sent: {told}. `parallax route explain` shows all of them. Choose another policy or another model.":
    'Die Regeln (Richtlinie „{policy}“ und was die Anfrage selbst sagt) erlauben keinen Anbieter dieses Modells, deshalb wurde nichts gesendet: {told}. `parallax route explain` zeigt alle. Wählen Sie eine andere Richtlinie oder ein anderes Modell.',
  'No provider writes an answer as long as the one asked for. Ask for fewer tokens.':
    'Kein Anbieter schreibt eine so lange Antwort, wie verlangt ist. Verlangen Sie weniger Token.',
  'This model cannot do what the request asks (tools, a JSON schema, reasoning, or reading what is attached). Choose another model.':
    'Dieses Modell kann nicht, was die Anfrage verlangt (Werkzeuge, ein JSON-Schema, Nachdenken oder lesen, was angehängt ist). Wählen Sie ein anderes Modell.',
  'No provider can serve this model with what the prompt holds.':
    'Kein Anbieter kann dieses Modell mit dem bedienen, was der Prompt enthält.',
  'What would go on with this answer may not be asked now: a policy, a key or a limit stands against it. Look why with `parallax route explain`, or retry the answer.':
    'Was diese Antwort fortsetzen würde, darf jetzt nicht gefragt werden: Eine Richtlinie, ein Schlüssel oder eine Grenze steht dagegen. Warum, zeigt `parallax route explain`; oder stellen Sie die Frage noch einmal.',
  'It is not known in which form this provider serves “{upstream_model}”.':
    'Es ist nicht bekannt, in welcher Form dieser Anbieter „{upstream_model}“ anbietet.',
  'This begins like a JSON key file but is none. Copy the whole file, from { to }.':
    'Das beginnt wie eine JSON-Schlüsseldatei, ist aber keine. Kopieren Sie die ganze Datei, von { bis }.',
  'The key file has no “{name}”. Make a new key in the Google Cloud console.':
    'Die Schlüsseldatei hat kein „{name}“. Machen Sie in der Google-Cloud-Konsole einen neuen Schlüssel.',
  'Keys of other Google Cloud universes are not supported.':
    'Schlüssel anderer Google-Cloud-Universen gehen nicht.',
  'The key file wants its key proved to {host}, which is not Google. Do not use it; make a new key in the Google Cloud console.':
    'Die Schlüsseldatei will ihren Schlüssel gegenüber {host} bewiesen haben, und das ist nicht Google. Verwenden Sie sie nicht; machen Sie in der Google-Cloud-Konsole einen neuen Schlüssel.',
  'Credentials of type “{other}” are not supported. Use the key file of a service account, or the file that `gcloud auth application-default login` writes.':
    'Zugangsdaten der Art „{other}“ gehen nicht. Nehmen Sie die Schlüsseldatei eines Dienstkontos oder die Datei, die `gcloud auth application-default login` schreibt.',
  'The key file does not say its type. Use the key file of a service account, or the file that `gcloud auth application-default login` writes.':
    'Die Schlüsseldatei sagt nicht, welcher Art sie ist. Nehmen Sie die Schlüsseldatei eines Dienstkontos oder die Datei, die `gcloud auth application-default login` schreibt.',
  'The private key in the key file cannot be read. Copy the whole file, or make a new key.':
    'Der private Schlüssel in der Schlüsseldatei lässt sich nicht lesen. Kopieren Sie die ganze Datei oder machen Sie einen neuen Schlüssel.',
  'it is too long': 'er ist zu lang',
  'it holds hidden characters': 'er enthält verborgene Zeichen',
  'it is not a complete address': 'er ist keine vollständige Adresse',
  'it names no host': 'er nennt keinen Rechner',
  'it hides another host behind a user name': 'er verbirgt hinter einem Benutzernamen einen anderen Rechner',
  'addresses that begin with “{scheme}:” can start other programs':
    'Adressen, die mit „{scheme}:“ beginnen, können andere Programme starten',
};

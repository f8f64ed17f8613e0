// German: failures.
export const errors = {
  'No key for this provider': 'Kein Schlüssel für diesen Anbieter',
  'Add a key, or choose a model whose provider has one.':
    'Fügen Sie einen Schlüssel hinzu oder wählen Sie ein Modell, dessen Anbieter einen hat.',
  'No key': 'Kein Schlüssel',
  'The provider does not accept the key': 'Der Anbieter nimmt den Schlüssel nicht an',
  'Replace the key; it may have been revoked or mistyped.':
    'Ersetzen Sie den Schlüssel; er wurde vielleicht widerrufen oder falsch eingegeben.',
  'Key rejected': 'Abgelehnt',
  'The key may not do this': 'Der Schlüssel darf das nicht',
  'Give the key the right at the provider, or use another key.':
    'Geben Sie dem Schlüssel beim Anbieter das Recht dazu oder nehmen Sie einen anderen.',
  'Not permitted': 'Nicht erlaubt',
  'No credit left at the provider': 'Kein Guthaben mehr beim Anbieter',
  'Top up the account there, then retry.': 'Laden Sie das Konto dort auf und versuchen Sie es noch einmal.',
  'No credit': 'Kein Guthaben',
  'Held by your budget': 'Von Ihrem Budget zurückgehalten',
  'Raise the budget, or send this once all the same.':
    'Erhöhen Sie das Budget oder senden Sie dies einmal trotzdem.',
  'Over budget': 'Über dem Budget',
  'Too many requests': 'Zu viele Anfragen',
  'Wait a little, then retry.': 'Warten Sie ein wenig und versuchen Sie es noch einmal.',
  'Rate limit': 'Ratengrenze',
  'The provider is overloaded': 'Der Anbieter ist überlastet',
  'Retry in a minute, or ask another model.':
    'Versuchen Sie es in einer Minute noch einmal oder fragen Sie ein anderes Modell.',
  Overloaded: 'Überlastet',
  'The prompt does not fit': 'Der Prompt passt nicht hinein',
  'Shorten it, start a new chat, or choose a model with a larger context.':
    'Kürzen Sie ihn, beginnen Sie einen neuen Chat oder wählen Sie ein Modell mit größerem Kontext.',
  'Too long': 'Zu lang',
  'The provider rejects the request': 'Der Anbieter weist die Anfrage zurück',
  'The details name what it objects to.': 'Die Einzelheiten nennen, was er beanstandet.',
  Rejected: 'Zurückgewiesen',
  'The endpoint cannot do this': 'Der Endpunkt kann das nicht',
  'The details name the setting it does not know. Choose another model or provider.':
    'Die Einzelheiten nennen die Einstellung, die er nicht kennt. Wählen Sie ein anderes Modell oder einen anderen Anbieter.',
  'Not supported': 'Geht hier nicht',
  'No such model': 'Kein solches Modell',
  'The provider no longer offers it, or the name is wrong. Choose another one.':
    'Der Anbieter bietet es nicht mehr an, oder der Name ist falsch. Wählen Sie ein anderes.',
  'The provider refused the content': 'Der Anbieter hat den Inhalt abgelehnt',
  'No other provider was asked. Rephrase the prompt to try again.':
    'Kein anderer Anbieter wurde gefragt. Formulieren Sie den Prompt um und versuchen Sie es noch einmal.',
  Refused: 'Verweigert',
  'The provider filtered the answer': 'Der Anbieter hat die Antwort gefiltert',
  'What came before the filter is kept.': 'Was vor dem Filter kam, bleibt erhalten.',
  Filtered: 'Gefiltert',
  'The host name was not found': 'Der Rechnername wurde nicht gefunden',
  'Check the connection and the address of the provider.':
    'Prüfen Sie die Verbindung und die Adresse des Anbieters.',
  'Host not found': 'Nicht gefunden',
  'No connection': 'Keine Verbindung',
  'Check the network; for a local model, check that its server runs.':
    'Prüfen Sie das Netz; bei einem lokalen Modell, ob sein Server läuft.',
  'The secure connection failed': 'Die sichere Verbindung kam nicht zustande',
  'A proxy or a wrong clock may be in the way. The request was not sent.':
    'Ein Proxy oder eine falsche Uhr kann im Weg sein. Die Anfrage wurde nicht gesendet.',
  'TLS failed': 'TLS-Fehler',
  'The proxy failed': 'Der Proxy hat versagt',
  'Check the proxy settings of this computer.': 'Prüfen Sie die Proxy-Einstellungen dieses Rechners.',
  'Proxy failed': 'Proxy-Fehler',
  'The provider redirects elsewhere': 'Der Anbieter leitet anderswohin um',
  'Keys are never sent on. Correct the address of the provider in Settings.':
    'Schlüssel werden nie weitergegeben. Berichtigen Sie die Adresse des Anbieters in den Einstellungen.',
  Redirected: 'Umgeleitet',
  'No connection in time': 'Keine Verbindung in der Zeit',
  'Retry, or ask another model.': 'Versuchen Sie es noch einmal oder fragen Sie ein anderes Modell.',
  'Timed out': 'Zeit abgelaufen',
  'No answer in time': 'Keine Antwort in der Zeit',
  'The provider took the request and said nothing. Retry, or ask another model.':
    'Der Anbieter nahm die Anfrage an und sagte nichts. Versuchen Sie es noch einmal oder fragen Sie ein anderes Modell.',
  'The stream fell silent': 'Der Strom verstummte',
  'What came is kept. Retry asks from the beginning.':
    'Was kam, bleibt erhalten. „Noch einmal“ fragt von vorn.',
  'Fell silent': 'Verstummt',
  'The answer took too long': 'Die Antwort dauerte zu lange',
  'Took too long': 'Dauerte zu lange',
  'The answer broke off': 'Die Antwort brach ab',
  'Broke off': 'Brach ab',
  'The answer could not be read': 'Die Antwort war nicht lesbar',
  'What came is kept. The details say where it went wrong.':
    'Was kam, bleibt erhalten. Die Einzelheiten sagen, wo es schiefging.',
  Unreadable: 'Nicht lesbar',
  'The provider failed': 'Der Anbieter hat versagt',
  'Provider failed': 'Anbieter-Fehler',
  Stopped: 'Angehalten',
  'What came is kept.': 'Was kam, bleibt erhalten.',
  'The database is in use': 'Die Datenbank ist in Gebrauch',
  'Another program holds it. Close that one, then retry.':
    'Ein anderes Programm hält sie fest. Schließen Sie es und versuchen Sie es noch einmal.',
  'Database busy': 'Datenbank belegt',
  'The disk is full': 'Der Datenträger ist voll',
  'Free some space, then retry. Nothing is sent that cannot be recorded.':
    'Schaffen Sie Platz und versuchen Sie es noch einmal. Was nicht aufgeschrieben werden kann, wird nicht gesendet.',
  'Disk full': 'Speicher voll',
  'The database is from a newer version': 'Die Datenbank ist von einer neueren Version',
  'Update Parallax. The database was left as it is.':
    'Aktualisieren Sie Parallax. Die Datenbank blieb, wie sie war.',
  'Newer database': 'Neuere Datenbank',
  'The database is damaged': 'Die Datenbank ist beschädigt',
  'Nothing was changed. Restore a backup from the data folder.':
    'Nichts wurde geändert. Stellen Sie eine Sicherung aus dem Datenordner wieder her.',
  'Database damaged': 'Datei beschädigt',
  'The data folder cannot be used': 'Der Datenordner ist nicht benutzbar',
  'Check who owns it and whether it can be written.': 'Prüfen Sie, wem er gehört und ob er beschreibbar ist.',
  'No access': 'Kein Zugriff',
  'The keychain is locked': 'Der Schlüsselbund ist gesperrt',
  'Unlock it, then retry.': 'Entsperren Sie ihn und versuchen Sie es noch einmal.',
  'There is no keychain': 'Es gibt keinen Schlüsselbund',
  'Keys can be kept for this run only. Settings says what is missing.':
    'Schlüssel können nur für diese Sitzung behalten werden. Die Einstellungen sagen, was fehlt.',
  'Parallax was closed': 'Parallax wurde geschlossen',
  'What came until then is kept. Retry asks from the beginning.':
    'Was bis dahin kam, bleibt erhalten. „Noch einmal“ fragt von vorn.',
  Interrupted: 'Unterbrochen',
  'A mistake of our own': 'Ein Fehler von uns',
  'The other answers are not affected. The details help to report it.':
    'Die anderen Antworten sind nicht betroffen. Die Einzelheiten helfen, ihn zu melden.',
  Error: 'Fehler',
  'It asks to wait {time}.': 'Er bittet, {time} zu warten.',
  'The provider says: “{words}”': 'Der Anbieter sagt: „{words}“',
  'In English': 'Auf Englisch',
  'This answer failed. Why is told with the names.':
    'Diese Antwort ist gescheitert. Warum, steht hier, sobald die Namen gezeigt werden.',
  '{held} is held for answers under way.': '{held} sind für laufende Antworten zurückgelegt.',
  'Up to {perhaps} may still be billed for answers that broke off.':
    'Bis zu {perhaps} können für abgebrochene Antworten noch berechnet werden.',
  'Even a short answer may need {needs}.': 'Schon eine kurze Antwort kann {needs} brauchen.',
  'Nothing was sent. The budget begins anew on {day}; raise it, or send this once all the same.':
    'Nichts wurde gesendet. Das Budget beginnt am {day} neu; erhöhen Sie es oder senden Sie dies einmal trotzdem.',
  'Nothing was sent: the price of this model is unknown. Give the budget a price to reckon with, or send this once all the same.':
    'Nichts wurde gesendet: Der Preis dieses Modells ist unbekannt. Geben Sie dem Budget einen Preis, mit dem es rechnet, oder senden Sie dies einmal trotzdem.',
  'Nothing was sent: what the request uses at the provider has no limit. Limit its uses, or make the budget one that only warns.':
    'Nichts wurde gesendet: Was die Anfrage beim Anbieter benutzt, hat keine Grenze. Begrenzen Sie es, oder lassen Sie das Budget nur warnen.',
  'Stopped by your budget.': 'Von Ihrem Budget angehalten.',
  'The answer has cost what was set aside for it. Raise the budget and retry, or send this once all the same.':
    'Die Antwort hat gekostet, was für sie zurückgelegt war. Erhöhen Sie das Budget und versuchen Sie es noch einmal, oder senden Sie dies einmal trotzdem.',
  'This chat': 'Dieser Chat',
  '{provider}, key “{label}”': '{provider}, Schlüssel „{label}“',
  'A chat that is gone': 'Ein Chat, den es nicht mehr gibt',
  'Chat “{title}”': 'Chat „{title}“',
  'Keys are kept in: {name}.': 'Schlüssel liegen in: {name}.',
  '{name} is locked, does not answer or refuses. Unlock it, then check again.':
    '{name} ist gesperrt, antwortet nicht oder verweigert sich. Entsperren Sie ihn und prüfen Sie noch einmal.',
  'No keychain can be used here: keys are kept for this run only, and never in a file.':
    'Hier ist kein Schlüsselbund benutzbar: Schlüssel werden nur für diese Sitzung behalten, nie in einer Datei.',
  'The key works.': 'Der Schlüssel funktioniert.',
  'The provider gave no clear answer. Test again later.':
    'Der Anbieter gab keine klare Antwort. Prüfen Sie später noch einmal.',
} as const;

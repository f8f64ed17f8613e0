// German: the gateway.
export const gateway = {
  'Base URL copied': 'Basisadresse kopiert',
  'A port is a number from 1024 to 65535.': 'Ein Port ist eine Zahl von 1024 bis 65535.',
  'On this machine only': 'Nur auf diesem Rechner',
  'One address for your editor and scripts, in the protocols of OpenAI, Anthropic, Gemini and OpenRouter. Same keys, routing, budgets and ledger as the chat.':
    'Eine Adresse für Ihren Editor und Ihre Skripte, in den Protokollen von OpenAI, Anthropic, Gemini und OpenRouter. Dieselben Schlüssel, Wege, Budgets und dasselbe Kassenbuch wie im Chat.',
  'The gateway is off.': 'Das Gateway ist aus.',
  'Base URL': 'Basisadresse',
  'Copy base URL': 'Basisadresse kopieren',
  'nothing under way': 'nichts unterwegs',
  ' at {endpoint}': ' bei {endpoint}',
  answering: 'antwortet',
  Port: 'Port',
  'App keys': 'App-Schlüssel',
  'New key': 'Neuer Schlüssel',
  'No program has a key yet. Each gets one of its own, with its own limits.':
    'Noch hat kein Programm einen Schlüssel. Jedes bekommt seinen eigenen, mit eigenen Grenzen.',
  'Revoke the key of {name}?': 'Schlüssel von {name} widerrufen?',
  'The program is turned away from its next request on. What it spent stays in the ledger.':
    'Das Programm wird ab seiner nächsten Anfrage abgewiesen. Was es ausgab, bleibt im Kassenbuch.',
  'Revoke key': 'Schlüssel widerrufen',
  'Name the program the key is for.': 'Nennen Sie das Programm, für das der Schlüssel ist.',
  'The budget is a number of dollars, as in 3 or 0.50.':
    'Das Budget ist eine Zahl in Dollar, etwa 3 oder 0,50.',
  'Limits and days are whole numbers above zero, or empty.':
    'Grenzen und Tage sind ganze Zahlen über null, oder leer.',
  'Key copied': 'Schlüssel kopiert',
  'The key of {name}': 'Der Schlüssel von {name}',
  'New app key': 'Neuer App-Schlüssel',
  'Copy it into the program now: it is kept nowhere and cannot be shown again. If it is lost, revoke it and make another.':
    'Kopieren Sie ihn jetzt in das Programm: er wird nirgends aufbewahrt und kann nicht wieder gezeigt werden. Geht er verloren, widerrufen Sie ihn und machen Sie einen neuen.',
  'Copy key': 'Schlüssel kopieren',
  Done: 'Fertig',
  Program: 'Programm',
  'Models it may use': 'Modelle, die es nutzen darf',
  'any, or author/name, author/*': 'alle, oder author/name, author/*',
  'Policy, besides the usual one': 'Richtlinie, neben der üblichen',
  None: 'Keine',
  'no limit': 'keine Grenze',
  'Requests a minute': 'Anfragen je Minute',
  'Tokens a minute': 'Token je Minute',
  'Days it is good for': 'Tage, die er gilt',
  'for good': 'unbegrenzt',
  'Answer equal requests again for five minutes, without asking anew':
    'Gleiche Anfragen fünf Minuten lang wieder beantworten, ohne neu zu fragen',
  'Make key': 'Schlüssel erstellen',
  'Set-up copied': 'Einrichtung kopiert',
  'Set-up for': 'Einrichtung für',
  'Copy set-up': 'Einrichtung kopieren',
  'Set-up for {name}': 'Einrichtung für {name}',
  'In a shell': 'In einer Shell',
  'In the environment of a program': 'In der Umgebung eines Programms',
  'In the shell it is started from': 'In der Shell, aus der es gestartet wird',
  'In its settings.json; it asks for the key itself':
    'In seiner settings.json; nach dem Schlüssel fragt es selbst',
  'In its config.yaml': 'In seiner config.yaml',
  'In its extra-openai-models.yaml, after `llm keys set parallax`':
    'In seiner extra-openai-models.yaml, nach `llm keys set parallax`',
} as const;

// German: history and prompts.
export const history = {
  Trash: 'Papierkorb',
  '{count} days': { one: '{count} Tag', other: '{count} Tagen' },
  'archived {since}': 'archiviert {since}',
  'deleted {since} · removed for good in {left}': 'gelöscht {since} · endgültig entfernt in {left}',
  Shelf: 'Ablage',
  Import: 'Importieren',
  'Restore {title}': '{title} wiederherstellen',
  Restore: 'Wiederherstellen',
  'Delete {title}': '{title} löschen',
  Delete: 'Löschen',
  'Remove for good: {title}': 'Endgültig entfernen: {title}',
  'Remove for good': 'Endgültig entfernen',
  'The trash is empty': 'Der Papierkorb ist leer',
  'A deleted conversation stays here for 30 days.': 'Eine gelöschte Unterhaltung bleibt 30 Tage hier.',
  'Nothing is archived': 'Nichts ist archiviert',
  'Archive a conversation from the sidebar to put it here.':
    'Archivieren Sie eine Unterhaltung in der Seitenleiste, um sie hierher zu legen.',
  Imports: 'Importe',
  '{count} conversations': { one: '{count} Unterhaltung', other: '{count} Unterhaltungen' },
  '{count} messages': { one: '{count} Nachricht', other: '{count} Nachrichten' },
  ' · stopped; import the file again to go on':
    ' · angehalten; importieren Sie die Datei noch einmal, um fortzufahren',
  'Take back {name}': '{name} zurücknehmen',
  'Take back': 'Zurücknehmen',
  'Remove “{title}” for good?': '„{title}“ endgültig entfernen?',
  'Its messages cannot be brought back. What it cost stays in the ledger.':
    'Die Nachrichten können nicht zurückgeholt werden. Was sie kosteten, bleibt im Kassenbuch.',
  'From ChatGPT, Claude, Open WebUI, LibreChat, llm or Parallax: the file as you downloaded it. It brings conversations and nothing else. Importing it again adds only what is new.':
    'Aus ChatGPT, Claude, Open WebUI, LibreChat, llm oder Parallax: die Datei, wie Sie sie heruntergeladen haben. Sie bringt Unterhaltungen und sonst nichts. Ein zweiter Import fügt nur Neues hinzu.',
  'In your downloads': 'In Ihren Downloads',
  'Path of the file': 'Pfad der Datei',
  Looking: 'Wird durchgesehen',
  Importing: 'Wird importiert',
  '{conversations} with {messages} {done} from {sources}.':
    '{conversations} mit {messages} aus {sources} {done}.',
  'would be imported': 'würden importiert',
  imported: 'importiert',
  '{count} were here already, {extended} had grown.': {
    one: '{count} war schon hier, {extended} waren gewachsen.',
    other: '{count} waren schon hier, {extended} waren gewachsen.',
  },
  Stop: 'Anhalten',
  Close: 'Schließen',
  'Look first': 'Erst ansehen',
  You: 'Sie',
  'An answer': 'Eine Antwort',
  'Words, "phrases", model:gpt-5  provider:openai  tag:work  folder:work  has:code  vote:won  cost:>0.05  date:2026-11':
    'Wörter, "Wendungen", model:gpt-5  provider:openai  tag:arbeit  folder:arbeit  has:code  vote:won  cost:>0.05  date:2026-11',
  'Nothing found.': 'Nichts gefunden.',
  ', and more': ', und mehr',
  '. Only the newest 20,000 messages were looked through':
    '. Nur die neuesten 20.000 Nachrichten wurden durchgesehen',
  'Search everything that was said': 'Alles durchsuchen, was gesagt wurde',
  Messages: 'Nachrichten',
  'Archived · ': 'Archiviert · ',
  'Show more': 'Mehr zeigen',
  'go there': 'hingehen',
  'No preset': 'Keine Vorgabe',
  'Each its own': 'Jedes seinen eigenen',
  'A system prompt of this chat': 'Ein System-Prompt dieses Chats',
  'System prompt: {label}': 'System-Prompt: {label}',
  'Word behind the slash': 'Wort hinter dem Schrägstrich',
  'from the name': 'aus dem Namen',
  Text: 'Text',
  '{gap} is a gap: you are asked for it when you use the prompt.':
    '{gap} ist eine Lücke: Sie werden beim Verwenden danach gefragt.',
  'Change {name}': '{name} ändern',
  Change: 'Ändern',
  'Library: type / in a message': 'Sammlung: / in einer Nachricht tippen',
  'None yet. Keep what you ask often, with {gaps} for what changes.':
    'Noch keine. Bewahren Sie auf, was Sie oft fragen, mit {gaps} für das, was wechselt.',
  'System prompts: choose one under a message': 'System-Prompts: unter einer Nachricht wählen',
  'None yet. A system prompt tells every model how to answer.':
    'Noch keine. Ein System-Prompt sagt jedem Modell, wie es antworten soll.',
  'Line-ups: keep one beside Add model': 'Aufstellungen: neben „Modell hinzufügen“ aufbewahren',
  'None yet.': 'Noch keine.',
  'Wait for the answers before the line-up changes':
    'Warten Sie die Antworten ab, bevor die Aufstellung wechselt',
  'Keep this line-up…': 'Diese Aufstellung aufbewahren …',
  '“{name}” is kept. Take it from this menu at any time':
    '„{name}“ ist aufbewahrt. Nehmen Sie sie jederzeit aus diesem Menü',
  'Line-ups': 'Aufstellungen',
  'Keep this line-up': 'Diese Aufstellung aufbewahren',
  '{models} with their system prompts, parameters and policies.':
    '{models} mit ihren System-Prompts, Parametern und Richtlinien.',
  Keep: 'Aufbewahren',
} as const;

// German for what the core says of budgets and prices. The keys are its English forms.
export const money: Record<string, string> = {
  'The sum is out of range.': 'Die Summe ist zu groß oder zu klein.',
  '{provider} does not tell what it charged. These do: {known}.':
    '{provider} sagt nicht, was es berechnet hat. Diese tun es: {known}.',
  '{provider} tells of 1 to {most_days} days, not of {days}.':
    '{provider} gibt über 1 bis {most_days} Tage Auskunft, nicht über {days}.',
  'Sent over your budget, as you said. What it costs counts against it.':
    'Über Ihr Budget hinaus gesendet, wie Sie es gesagt haben. Was es kostet, zählt dagegen.',
  '{percent} % of a budget is used: {spent} of {limit} for {whose} {per}.':
    '{percent} % eines Budgets sind aufgebraucht: {spent} von {limit} für {whose} {per}.',
  'This answer cost {cost}, {more} more than was set aside for it: the provider was asked for {limit} tokens at most and did not keep to that. Your budget counts all of it.':
    'Diese Antwort hat {cost} gekostet, {more} mehr, als für sie zurückgelegt war: Der Anbieter war um höchstens {limit} Token gebeten und hat sich nicht daran gehalten. Ihr Budget zählt alles davon.',
  'This answer cost {cost}, {more} more than was set aside for it: the provider counted more tokens in the prompt than it can have by its length, {input}. Your budget counts all of it.':
    'Diese Antwort hat {cost} gekostet, {more} mehr, als für sie zurückgelegt war: Der Anbieter hat im Prompt mehr Token gezählt, als er nach seiner Länge haben kann, nämlich {input}. Ihr Budget zählt alles davon.',
  'This answer cost {cost}, {more} more than was set aside for it: the provider charged more than its prices say. Your budget counts all of it.':
    'Diese Antwort hat {cost} gekostet, {more} mehr, als für sie zurückgelegt war: Der Anbieter hat mehr berechnet, als seine Preise sagen. Ihr Budget zählt alles davon.',
  'The answer may have {to} tokens instead of {from}: {left} is left of {limit} for {whose} {per}.':
    'Die Antwort darf {to} statt {from} Token haben: Von {limit} für {whose} {per} sind {left} übrig.',
  "The answer may have {to} tokens: how long this model's answers can be is not known, and a budget needs a limit.":
    'Die Antwort darf {to} Token haben: Wie lang Antworten dieses Modells sein können, ist nicht bekannt, und ein Budget braucht eine Grenze.',
  everything: 'alles',
  'the provider {id}': 'den Anbieter {id}',
  'the model {slug}': 'das Modell {slug}',
  'this conversation': 'diese Unterhaltung',
  'the app {name}': 'die App {name}',
  'the key {provider}/{label}': 'den Schlüssel {provider}/{label}',
  'a day': 'am Tag',
  'a week': 'in der Woche',
  'a month': 'im Monat',
  'A budget does not cover this request at any provider, so nothing was sent. Raise the budget or ask for a shorter answer.':
    'Ein Budget deckt diese Anfrage bei keinem Anbieter, deshalb wurde nichts gesendet. Erhöhen Sie das Budget oder bitten Sie um eine kürzere Antwort.',
  'There is no budget of this number. `parallax budget list` shows them.':
    'Ein Budget dieser Nummer gibt es nicht. `parallax budget list` zeigt sie.',
  'A budget is zero or more dollars.': 'Ein Budget sind null oder mehr Dollar.',
  'A budget is not below zero.': 'Ein Budget liegt nicht unter null.',
  'The price to reckon with is more than zero dollars per million tokens.':
    'Der Preis, mit dem gerechnet wird, ist mehr als null Dollar je Million Token.',
  'Thresholds are percentages from 1 to 100, eight of them at most.':
    'Schwellen sind Prozente von 1 bis 100, höchstens acht davon.',
  'There is no provider called “{id}”. `parallax provider list` shows them.':
    'Einen Anbieter namens „{id}“ gibt es nicht. `parallax provider list` zeigt sie.',
  'There is no model called “{slug}”: no provider lists it, and it was never asked. `parallax models` lists those there are.':
    'Ein Modell namens „{slug}“ gibt es nicht: Kein Anbieter führt es, und es wurde nie gefragt. `parallax models` nennt, welche es gibt.',
  'There is no such conversation. `parallax spend --by conversation` lists them.':
    'Diese Unterhaltung gibt es nicht. `parallax spend --by conversation` nennt sie.',
  'There is no app key called “{name}”. `parallax app-key list` shows them.':
    'Einen App-Schlüssel namens „{name}“ gibt es nicht. `parallax app-key list` zeigt sie.',
  'There is no app key called “{name}”. See `parallax app-key list`.':
    'Einen App-Schlüssel namens „{name}“ gibt es nicht. Siehe `parallax app-key list`.',
  'There is no key “{label}” at {provider}. `parallax key status` shows them.':
    'Einen Schlüssel „{label}“ gibt es bei {provider} nicht. `parallax key status` zeigt sie.',
  '“{scope}” {why}': '„{scope}“ {why}',
  'needs a name of 1 to 60 characters.': 'braucht einen Namen von 1 bis 60 Zeichen.',
  "is not a model's name.": 'ist kein Name eines Modells.',
  "is not a conversation's id.": 'ist keine Kennung einer Unterhaltung.',
  'is no scope. Scopes are all, provider:ID, model:SLUG, conversation:ID, app:NAME and key:PROVIDER/LABEL.':
    'ist kein Geltungsbereich. Es gibt all, provider:ID, model:SLUG, conversation:ID, app:NAME und key:PROVIDER/LABEL.',
  'A price needs a figure for the {name}. Give 0 if it costs nothing.':
    'Ein Preis braucht eine Zahl für {name}. Geben Sie 0 an, wenn es nichts kostet.',
  'There is no provider called “{provider}”.': 'Einen Anbieter namens „{provider}“ gibt es nicht.',
  'The price list of {name} is not what it should be ({error}). All prices stay as they were.':
    'Die Preisliste von {name} ist nicht, was sie sein sollte ({error}). Alle Preise bleiben, wie sie waren.',
  '{name} answered with status {status}. All prices stay as they were; try again later.':
    '{name} hat mit dem Status {status} geantwortet. Alle Preise bleiben, wie sie waren; versuchen Sie es später noch einmal.',
  'The price list of {name} is longer than 32 MB. All prices stay as they were.':
    'Die Preisliste von {name} ist länger als 32 MB. Alle Preise bleiben, wie sie waren.',
  '“{text}” cannot be a price: {error}.': '„{text}“ kann kein Preis sein: {error}.',
  '“{text}” cannot be a price: it is below zero.': '„{text}“ kann kein Preis sein: Er liegt unter null.',
  'Another currency needs its three letters (CNY), and its rate needs a day (2026-11-20).':
    'Eine andere Währung braucht ihre drei Buchstaben (CNY) und ihr Kurs einen Tag (2026-11-20).',
  '“{usd_per_unit}” cannot be a rate: give dollars per {currency} with at most six decimals.':
    '„{usd_per_unit}“ kann kein Kurs sein: Geben Sie Dollar je {currency} mit höchstens sechs Nachkommastellen an.',
  'The price is out of range.': 'Der Preis ist zu groß oder zu klein.',
  '“{model}” is no longer in the catalogue.': '„{model}“ ist nicht mehr im Katalog.',
};

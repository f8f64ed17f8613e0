// German for what the core says of what was left out of a request, chosen or counted. The keys are its English forms.
export const notices: Record<string, string> = {
  '{other} stands in for {model}, as you allowed.':
    '{other} springt für {model} ein, wie Sie es erlaubt haben.',
  '{left} had said nothing after {after}, longer than it usually takes, so {stayed} was asked too and answered first. The request to {left} was stopped.':
    '{left} hatte nach {after} noch nichts gesagt, länger als sonst; deshalb wurde auch {stayed} gefragt und hat zuerst geantwortet. Die Anfrage an {left} wurde angehalten.',
  '{stayed} had said nothing after {after}, longer than it usually takes, so {left} was asked too. {stayed} answered first; the request to {left} was stopped.':
    '{stayed} hatte nach {after} noch nichts gesagt, länger als sonst; deshalb wurde auch {left} gefragt. {stayed} hat zuerst geantwortet; die Anfrage an {left} wurde angehalten.',
  '{model} chose {name} at {provider}: {why} of {count} endpoints that fit ({needed}).':
    '{model} hat {name} bei {provider} gewählt: {why} unter {count} Endpunkten, die passen ({needed}).',
  'of the model that leads': 'des Modells, das führt',
  'of the {n} models that lead and cannot be told apart':
    'der {n} Modelle, die führen und sich nicht unterscheiden lassen',
  'the lowest expected cost {others} by your {votes} votes on {topic},':
    'die niedrigsten erwarteten Kosten {others} nach Ihren {votes} Stimmen zu {topic},',
  'the lowest expected cost {others} by your {votes} votes,':
    'die niedrigsten erwarteten Kosten {others} nach Ihren {votes} Stimmen,',
  'with too few votes of yours for a rating, the lowest expected cost among the dearest quarter of recent models that reason,':
    'da Sie für eine Wertung zu wenige Stimmen abgegeben haben, die niedrigsten erwarteten Kosten im teuersten Viertel der neueren Modelle, die nachdenken,',
  'the quickest to begin': 'das schnellste beim Beginnen',
  'the lowest expected cost': 'die niedrigsten erwarteten Kosten',
  'reads {tokens} tokens': 'liest {tokens} Token',
  'reads images': 'liest Bilder',
  'reads files': 'liest Dateien',
  'calls tools': 'ruft Werkzeuge',
  'obeys a JSON schema': 'hält ein JSON-Schema ein',
  reasons: 'denkt nach',
  'writes {tokens} tokens': 'schreibt {tokens} Token',
  '{words}, {next}': '{words}, {next}',
  '{name}: left out, since the request had to be put into other words for this provider.':
    '{name}: weggelassen, da die Anfrage für diesen Anbieter anders gefasst werden musste.',
  'Reasoning of earlier answers that this endpoint did not sign is not sent.':
    'Nachdenken früherer Antworten, das dieser Endpunkt nicht unterschrieben hat, wird nicht gesendet.',
  'Reasoning of earlier answers of other models is not sent.':
    'Nachdenken früherer Antworten anderer Modelle wird nicht gesendet.',
  'A picture ({media_type}) cannot be sent to this endpoint.':
    'Ein Bild ({media_type}) lässt sich an diesen Endpunkt nicht senden.',
  'A picture inside an answer is not sent back.': 'Ein Bild in einer Antwort wird nicht zurückgesendet.',
  'A picture inside an answer is not sent back to this model.':
    'Ein Bild in einer Antwort wird nicht an dieses Modell zurückgesendet.',
  'The file “{name}” ({media_type}) cannot be sent to this endpoint.':
    'Die Datei „{name}“ ({media_type}) lässt sich an diesen Endpunkt nicht senden.',
  'The file “{name}” was not read and is not sent.':
    'Die Datei „{name}“ wurde nicht gelesen und wird nicht gesendet.',
  '“{name}” is sent as its text, without pictures and layout.':
    '„{name}“ wird als Text gesendet, ohne Bilder und Gestaltung.',
  'Attachments inside an answer are not sent back.': 'Anhänge in einer Antwort werden nicht zurückgesendet.',
  'A call of {name} outside an answer is not sent.':
    'Ein Aufruf von {name} außerhalb einer Antwort wird nicht gesendet.',
  'This API takes no document without words: “Attached.” goes with it.':
    'Diese Schnittstelle nimmt kein Dokument ohne Worte: „Attached.“ geht mit.',
  'This provider takes no picture by its address. Send the picture itself, as base64, or choose another provider.':
    'Dieser Anbieter nimmt kein Bild über seine Adresse. Senden Sie das Bild selbst, als base64, oder wählen Sie einen anderen Anbieter.',
  '{name} reads no {word}. Take the attachment out, or choose a model that reads {word}.':
    '{name} liest keine {word}. Nehmen Sie den Anhang heraus oder wählen Sie ein Modell, das {word} liest.',
  'Earlier {word} are not sent: {name} reads none.':
    'Frühere {word} werden nicht gesendet: {name} liest keine.',
  sound: 'Tonaufnahmen',
  video: 'Videos',
  documents: 'Dokumente',
  pictures: 'Bilder',
  '{name} calls no tools. Choose a model that does, or ask without one.':
    '{name} ruft keine Werkzeuge. Wählen Sie ein Modell, das es tut, oder fragen Sie ohne.',
  'The prompt has at least {least} tokens, and {upstream_model} reads {most}. Shorten it or choose a model with a larger context.':
    'Der Prompt hat mindestens {least} Token, und {upstream_model} liest {most}. Kürzen Sie ihn oder wählen Sie ein Modell mit größerem Kontext.',
  'tools: {name} calls none.': 'tools: {name} ruft keine.',
  'tools: only the one that must be called is offered.':
    'tools: Nur das, das gerufen werden muss, wird angeboten.',
  'reasoning: {name} does not reason before it answers.':
    'reasoning: {name} denkt vor der Antwort nicht nach.',
  'reasoning: this model takes no wish for it.': 'reasoning: Dieses Modell nimmt dafür keinen Wunsch an.',
  'reasoning: this model takes no wish for it through this API.':
    'reasoning: Dieses Modell nimmt dafür über diese Schnittstelle keinen Wunsch an.',
  'reasoning: this provider takes no wish for it.':
    'reasoning: Dieser Anbieter nimmt dafür keinen Wunsch an.',
  'reasoning: this model decides itself; asked for the least.':
    'reasoning: Dieses Modell entscheidet selbst; es ist um das Geringste gebeten.',
  'reasoning: this model always reasons; asked for its least, {least} tokens.':
    'reasoning: Dieses Modell denkt immer nach; es ist um sein Geringstes gebeten, {least} Token.',
  'reasoning: {tokens} tokens became level “{effort}”.':
    'reasoning: Aus {tokens} Token wurde die Stufe „{effort}“.',
  'reasoning: {tokens} tokens became effort “{word}”.':
    'reasoning: Aus {tokens} Token wurde der Aufwand „{word}“.',
  'reasoning: {wanted} tokens became {tokens}; this model takes no other limit.':
    'reasoning: Aus {wanted} Token wurden {tokens}; eine andere Grenze nimmt dieses Modell nicht.',
  'reasoning: {wanted} tokens became {budget}.': 'reasoning: Aus {wanted} Token wurden {budget}.',
  'reasoning: needs more than {least_budget} tokens, the answer may have {max_tokens}.':
    'reasoning: braucht mehr als {least_budget} Token, die Antwort darf {max_tokens} haben.',
  'reasoning: not together with a tool that must be called.':
    'reasoning: nicht zusammen mit einem Werkzeug, das gerufen werden muss.',
  "reasoning: the tool call being answered was made without this model's reasoning.":
    'reasoning: Der Aufruf, der beantwortet wird, entstand ohne das Nachdenken dieses Modells.',
  'reasoning effort: “{asked}” became “{nearest}”, the nearest it takes.':
    'reasoning effort: Aus „{asked}“ wurde „{nearest}“, das Nächste, das es nimmt.',
  'reasoning effort: this API only turns reasoning on or limits its tokens.':
    'reasoning effort: Diese Schnittstelle schaltet das Nachdenken nur ein oder begrenzt seine Token.',
  'reasoning effort: this model knows only on and off; reasoning is on.':
    'reasoning effort: Dieses Modell kennt nur an und aus; das Nachdenken ist an.',
  'reasoning budget: this API takes an effort; {tokens} tokens became “{what}”.':
    'reasoning budget: Diese Schnittstelle nimmt einen Aufwand; aus {tokens} Token wurde „{what}“.',
  'reasoning budget: this server takes none; reasoning is on.':
    'reasoning budget: Dieser Server nimmt keines; das Nachdenken ist an.',
  'response_format: {name} is not known to keep to a schema.':
    'response_format: Von {name} ist nicht bekannt, dass es ein Schema einhält.',
  'response_format: this API takes a schema, not “any JSON”.':
    'response_format: Diese Schnittstelle nimmt ein Schema, nicht „irgendein JSON“.',
  'response_format: this API takes no objects with further properties; those of the schema are closed.':
    'response_format: Diese Schnittstelle nimmt keine Objekte mit weiteren Feldern; die des Schemas sind geschlossen.',
  'response_format: this API takes no schema that names no property; the answer is JSON of any form.':
    'response_format: Diese Schnittstelle nimmt kein Schema, das kein Feld nennt; die Antwort ist JSON in irgendeiner Form.',
  "{what}: this API's schemas have no word for {keys}.":
    '{what}: Die Schemata dieser Schnittstelle haben kein Wort für {keys}.',
  '{word}: {name} takes none.': '{word}: {name} nimmt das nicht.',
  '{name}: this provider takes none.': '{name}: Dieser Anbieter nimmt das nicht.',
  'cache_control: this provider is not asked to keep the prompt.':
    'cache_control: Dieser Anbieter wird nicht gebeten, den Prompt aufzubewahren.',
  'Only the system speaks between <system> tags: such tags in other words are sent as “&lt;system>”.':
    'Nur das System spricht zwischen <system>-Tags: Solche in anderen Worten gehen als „&lt;system>“ hinaus.',
  'cache_control: only the last {most_marks} marks are sent.':
    'cache_control: Nur die letzten {most_marks} Marken werden gesendet.',
  'cache_control: the price of an hour is unknown here, so a mark for one is sent as a usual one.':
    'cache_control: Der Preis einer Stunde ist hier unbekannt; eine Marke für eine Stunde geht als gewöhnliche hinaus.',
  'cache_control: a mark for an hour behind a shorter one is sent as a usual one.':
    'cache_control: Eine Marke für eine Stunde hinter einer kürzeren geht als gewöhnliche hinaus.',
  "max_completion_tokens: {asked} became {most}, this model's most.":
    'max_completion_tokens: Aus {asked} wurden {most}, das Höchste dieses Modells.',
  'max_completion_tokens: {asked} became {least}, the least that this API takes.':
    'max_completion_tokens: Aus {asked} wurden {least}, das Wenigste, das diese Schnittstelle nimmt.',
  'parallel_tool_calls: this API cannot be kept from calling several tools at once.':
    'parallel_tool_calls: Diese Schnittstelle lässt sich nicht davon abhalten, mehrere Werkzeuge auf einmal zu rufen.',
  'seed: this provider takes none.': 'seed: Dieser Anbieter nimmt keinen.',
  'seed: this API takes none.': 'seed: Diese Schnittstelle nimmt keinen.',
  'seed: this API takes none below zero.': 'seed: Diese Schnittstelle nimmt keinen unter null.',
  'seed: this provider takes 32 bits.': 'seed: Dieser Anbieter nimmt 32 Bit.',
  'stop: this API takes none.': 'stop: Diese Schnittstelle nimmt keine.',
  'stop: only the first {most_stops} sequences are sent.':
    'stop: Nur die ersten {most_stops} Folgen werden gesendet.',
  'stop: sequences of white space alone are not taken.':
    'stop: Folgen nur aus Leerraum werden nicht genommen.',
  'temperature: this model takes none.': 'temperature: Dieses Modell nimmt keine.',
  'temperature: not together with reasoning.': 'temperature: nicht zusammen mit Nachdenken.',
  'temperature: {value} became 1, the most this model takes.':
    'temperature: Aus {value} wurde 1, das Höchste, das dieses Modell nimmt.',
  'top_p: this model takes none.': 'top_p: Dieses Modell nimmt keines.',
  'top_p: not together with a temperature.': 'top_p: nicht zusammen mit einer temperature.',
  'top_p: not below 0.95 together with reasoning.': 'top_p: nicht unter 0,95 zusammen mit Nachdenken.',
  'tool_choice: this API cannot forbid the tools of earlier calls.':
    'tool_choice: Diese Schnittstelle kann die Werkzeuge früherer Aufrufe nicht verbieten.',
  'tool_choice: this server leaves the choice to the model.':
    'tool_choice: Dieser Server überlässt die Wahl dem Modell.',
  'tool_choice: this provider leaves the choice to the model.':
    'tool_choice: Dieser Anbieter überlässt die Wahl dem Modell.',
  'Skipped an unreadable event of the stream.': 'Ein unlesbares Ereignis des Stroms wurde übergangen.',
  'Skipped an unreadable event at byte {at}: {why}.':
    'Ein unlesbares Ereignis bei Byte {at} wurde übergangen: {why}.',
  'Skipped {skipped} unreadable events in all.':
    'Insgesamt wurden {skipped} unlesbare Ereignisse übergangen.',
  "The provider's usage gives no whole number at {pointer}.":
    'Der Verbrauch des Anbieters gibt bei {pointer} keine ganze Zahl.',
  "The provider's usage gives no whole number for “{key}”.":
    'Der Verbrauch des Anbieters gibt für „{key}“ keine ganze Zahl.',
  "The provider's count of {name} is no count.": 'Die Zählung des Anbieters für {name} ist keine Zahl.',
  'The provider counts more {name} tokens than tokens.': 'Der Anbieter zählt mehr Token ({name}) als Token.',
  'The provider counts {part} {name} within {whole}.':
    'Der Anbieter zählt {part} {name} innerhalb von {whole}.',
  cached: 'aus dem Cache',
  reasoning: 'Nachdenken',
  'cached tokens': 'Token aus dem Cache',
  'reasoning tokens': 'Token fürs Nachdenken',
  'cache-write tokens': 'Token in den Cache',
  'one-hour cache-write tokens': 'Token für eine Stunde in den Cache',
  'image tokens': 'Token für Bilder',
  'audio tokens': 'Token für Ton',
  "The provider's total of {total} tokens is {rest} more than {input} + {output}.":
    'Die Summe des Anbieters von {total} Token ist {rest} mehr als {input} + {output}.',
  "The provider's total of {total} tokens is less than {input} + {output}.":
    'Die Summe des Anbieters von {total} Token ist weniger als {input} + {output}.',
};

//! What the gateway takes and gives, as an OpenAPI document.

/// The document, with a mark where our address stands.
const DOCUMENT: &str = include_str!("openapi.json");
const MARK: &str = "{server}";

/// OpenAPI 3.1 of everything the gateway serves; `server` is its address, e.g. `http://127.0.0.1:4141`.
pub fn openapi(server: &str) -> Vec<u8> {
    let address: String = server.chars().filter(|c| !matches!(c, '"' | '\\') && !c.is_control()).collect();
    DOCUMENT.replace(MARK, &address).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_document_is_whole() {
        let document: Value = serde_json::from_slice(&openapi("http://127.0.0.1:4141")).unwrap();
        assert_eq!(document["servers"][0]["url"], "http://127.0.0.1:4141");
        let mut references = 0;
        let mut open = vec![&document];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(to)) = map.get("$ref") {
                        let pointer = to.strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{to}");
                        references += 1;
                    }
                    open.extend(map.values());
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        assert!(references > 10);
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in
                item.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters")
            {
                assert!(operation["responses"]["200"].is_object(), "{method} {path}");
                assert!(operation["operationId"].is_string(), "{method} {path}");
            }
        }
    }
}

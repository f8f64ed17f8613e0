//! Gateways that are asked the same: ours and those of other makers, each before one provider that speaks three
//! protocols.

use crate::bench::{self, Reply};
use parallax_suite::support::peers::{self, Process, Started};
use serde_json::Value;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Longest wait for an answer and its end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// How one kind of provider is asked for.
pub(crate) struct Way {
    pub model: String,
    headers: Vec<(&'static str, String)>,
}

impl Way {
    fn new(model: &str, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { model: model.to_owned(), headers }
    }
}

/// A gateway that runs.
pub(crate) struct Gateway {
    pub name: &'static str,
    address: SocketAddr,
    /// What comes before the path that the protocol names.
    prefix: &'static str,
    /// To providers of chat, of messages and of Gemini; or why there is none.
    pub ways: [Result<Way, &'static str>; 3],
    /// Ours is in this very program.
    process: Option<Process>,
}

impl Gateway {
    pub(crate) fn ours(bench: &bench::Bench) -> Self {
        let bearer = format!("Bearer {}", bench.key);
        let way = |provider: &str| Ok(Way::new(&format!("m@{provider}"), &[("authorization", &bearer)]));
        let ways = ["chat", "messages", "gemini"].map(way);
        Self { name: "**Parallax**", address: bench.address(), prefix: "", ways, process: None }
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.process.is_none()
    }

    fn of(name: &'static str, started: Started, ways: [Result<Way, &'static str>; 3]) -> Self {
        let address = (Ipv4Addr::LOCALHOST, started.port).into();
        Self { name, address, prefix: "", ways, process: Some(started.process) }
    }

    /// The request's bytes for one kind of provider.
    pub(crate) fn request(&self, way: &Way, path: &str, body: &Value) -> Vec<u8> {
        let headers: Vec<(&str, &str)> =
            way.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        bench::request(self.address, "POST", &format!("{}{path}", self.prefix), &headers, &body.to_string())
    }

    /// Asks, and keeps what came; `None` = no end came in time.
    pub(crate) async fn ask(&self, request: &[u8]) -> Option<Reply> {
        let mut stream = TcpStream::connect(self.address).await.ok()?;
        stream.write_all(request).await.ok()?;
        let mut all = Vec::new();
        // A connection that is reset has an end too: what came before is what the client has.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await.ok()?;
        Some(bench::parse(&all))
    }

    /// Asks and hangs up once this was read; whether it came.
    pub(crate) async fn ask_until(&self, request: &[u8], text: &str) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address).await else { return false };
        if stream.write_all(request).await.is_err() {
            return false;
        }
        let (mut all, mut room) = (Vec::new(), vec![0; 64 * 1024]);
        let reading = async {
            loop {
                match stream.read(&mut room).await {
                    Ok(read) if read > 0 => all.extend_from_slice(&room[..read]),
                    _ => return false,
                }
                if String::from_utf8_lossy(&all).contains(text) {
                    return true;
                }
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or(false)
    }
}

/// Name, and its start before the provider at this address with room of its own; `None` = it is not installed or
/// did not start.
pub(crate) type Starts = fn(&Path, &str, &Path) -> Option<Gateway>;
pub(crate) const OTHERS: [(&str, Starts); 3] =
    [(peers::LITELLM, litellm), (peers::PORTKEY, portkey), (peers::TENSORZERO, tensorzero)];

/// It would ask OpenAI's own kind of provider in the protocol of responses; it is told that this one has chat alone.
/// It asks once, as its client did, and lets nobody rest, so that each case stands for itself.
fn litellm(home: &Path, upstream: &str, scratch: &Path) -> Option<Gateway> {
    let models = [
        ("chat", "openai", "/v1", "\n      use_chat_completions_api: true"),
        ("messages", "anthropic", "", ""),
        ("gemini", "gemini", "/v1beta", ""),
    ];
    let models = models.map(|(name, provider, path, more)| {
        format!(
            "  - model_name: {name}\n    litellm_params:\n      model: {provider}/m\n      api_base: {upstream}{path}\n      api_key: sk-mock{more}\n"
        )
    });
    let config = format!(
        "model_list:\n{}litellm_settings:\n  use_chat_completions_url_for_anthropic_messages: true\nrouter_settings:\n  num_retries: 0\n  disable_cooldowns: true\n",
        models.concat()
    );
    let started = peers::litellm(home, &config, scratch)?;
    let way = |name: &str| Ok(Way::new(name, &[("authorization", "Bearer sk-any")]));
    Some(Gateway::of(peers::LITELLM, started, ["chat", "messages", "gemini"].map(way)))
}

fn portkey(home: &Path, upstream: &str, _: &Path) -> Option<Gateway> {
    let way = |provider: &str, path: &str| {
        Ok(Way::new(
            "m",
            &[
                ("authorization", "Bearer sk-mock"),
                ("x-portkey-provider", provider),
                ("x-portkey-custom-host", &format!("{upstream}{path}")),
            ],
        ))
    };
    let ways = [way("openai", "/v1"), way("anthropic", "/v1"), way("google", "")];
    Some(Gateway::of(peers::PORTKEY, peers::portkey(home)?, ways))
}

fn tensorzero(home: &Path, upstream: &str, scratch: &Path) -> Option<Gateway> {
    let models = [("chat", "openai"), ("messages", "anthropic")].map(|(name, provider)| {
        format!(
            "[models.{name}]\nrouting = [\"m\"]\n[models.{name}.providers.m]\ntype = \"{provider}\"\nmodel_name = \"m\"\napi_base = \"{upstream}/v1/\"\napi_key_location = \"{}\"\n",
            peers::TENSORZERO_KEY
        )
    });
    let config = format!("[gateway]\nobservability.enabled = false\n{}", models.concat());
    let started = peers::tensorzero(home, &config, scratch)?;
    let way = |name: &str| {
        Ok(Way::new(&format!("tensorzero::model_name::{name}"), &[("authorization", "Bearer x")]))
    };
    let ways = [way("chat"), way("messages"), Err("its provider of Gemini has no address that could be set")];
    Some(Gateway { prefix: "/openai", ..Gateway::of(peers::TENSORZERO, started, ways) })
}

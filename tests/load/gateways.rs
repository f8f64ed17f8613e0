//! Gateways that are measured: ours, a proxy of hyper alone, and those of others where they are installed.

use crate::{
    load::{Target, Upstream},
    peers::{self, Process},
    program::Program,
};
use hyper::{Request, body::Incoming, client::conn::http1 as out, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Where the proxy sends everything; the process that finds this in its environment is that proxy.
pub(crate) const PROXY_TO: &str = "PARALLAX_BARE_PROXY_TO";

/// Starts a gateway from this folder before this provider, with room of its own; `None` = it did not.
type Starts = fn(&Path, &Upstream, &Path) -> Option<Running>;

/// A gateway that runs.
pub(crate) struct Running {
    pub name: String,
    pub target: Target,
    /// From its start until it listens.
    pub start: Duration,
    process: Process,
}

impl Running {
    fn new(name: &str, target: Target, started: peers::Started) -> Self {
        Self { name: name.to_owned(), target, start: started.start, process: started.process }
    }

    /// Seconds of CPU it has had.
    pub(crate) fn cpu(&self) -> f64 {
        cpu(self.process.id())
    }

    /// Memory it holds, in MB.
    pub(crate) fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1_024.0 / 1e6
    }
}

/// User and system time of a process, in ticks of ten milliseconds (proc(5): fields 14 and 15).
fn cpu(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: f64 = fields[11..=12].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

/// `parallax serve` over data in this folder, with a key, a price and two budgets that every request counts in.
pub(crate) struct Ours {
    program: Program,
    key: String,
}

impl Ours {
    pub(crate) fn set_up(folder: &Path, upstream: &Upstream) -> Self {
        let program = Program::on(folder).with_key("mock", "sk-mock");
        let url = upstream.url();
        program.ok(&["provider", "add", "mock", "--dialect", "openai-chat", "--base-url", url.as_str()]);
        program.ok(&["price", "set", "m@mock", "--input", "0.1", "--output", "0.4"]);
        program.ok(&["budget", "set", "all", "900000", "--per", "month"]);
        let made: Value =
            serde_json::from_str(&program.ok(&["app-key", "create", "load", "--json"])).unwrap();
        program.ok(&["budget", "set", "app:load", "900000", "--per", "day"]);
        Self { program, key: made["key"].as_str().unwrap().to_owned() }
    }

    pub(crate) fn start(&self, name: &str) -> Running {
        let mut command = self.program.command();
        command.args(["serve", "--port", "0", "--json"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let start = Instant::now();
        let mut process = command.spawn().unwrap();
        let line = BufReader::new(process.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let start = start.elapsed();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let port = u16::try_from(ready["port"].as_u64().unwrap()).unwrap();
        let target = Target {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            path: "/v1/chat/completions".to_owned(),
            headers: format!("authorization: Bearer {}\r\n", self.key),
            model: "m@mock".to_owned(),
        };
        Running { name: name.to_owned(), target, start, process: Process::new(process) }
    }

    /// Everything that was asked is booked, under its app, and the chain of the ledger holds.
    pub(crate) fn booked(&self) -> u64 {
        let spent = self.program.ok(&["spend", "--by", "app-key", "--json"]);
        let spent: Value = serde_json::from_str(spent.lines().next().unwrap()).unwrap();
        assert_eq!(spent["app_key"], "load");
        spent["attempts"].as_u64().unwrap()
    }
}

/// The asking of a gateway at this port, by the usual path.
fn target(port: u16, headers: &str, model: &str) -> Target {
    Target {
        address: (Ipv4Addr::LOCALHOST, port).into(),
        path: "/v1/chat/completions".to_owned(),
        headers: headers.to_owned(),
        model: model.to_owned(),
    }
}

/// This very program, as a proxy.
pub(crate) fn bare(upstream: &Upstream) -> Running {
    let port = peers::free_port();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_bare_proxy", "--ignored"]);
    command.env(PROXY_TO, format!("{port} {}", upstream.address()));
    let started = peers::started(command, port).unwrap();
    Running::new("hyper alone, bytes passed on", target(port, "", "m"), started)
}

/// Passes every request on, over one connection for each that comes, and does nothing else.
pub(crate) async fn proxy(told: &str) {
    let (port, to) = told.split_once(' ').unwrap();
    let (port, to): (u16, SocketAddr) = (port.parse().unwrap(), to.parse().unwrap());
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    loop {
        let (inward, _) = listener.accept().await.unwrap();
        inward.set_nodelay(true).unwrap();
        tokio::spawn(async move {
            let outward = tokio::net::TcpStream::connect(to).await.unwrap();
            outward.set_nodelay(true).unwrap();
            let (sender, connection) = out::handshake(TokioIo::new(outward)).await.unwrap();
            tokio::spawn(connection);
            let sender = Mutex::new(sender);
            let service = service_fn(|request: Request<Incoming>| async {
                let mut sender = sender.lock().await;
                sender.ready().await?;
                sender.send_request(request).await
            });
            // A client that hangs up has what it wanted.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(inward), service).await;
        });
    }
}

/// Those of others that are installed and start, and the names of those that do not.
pub(crate) fn others(upstream: &Upstream, scratch: &Path) -> (Vec<Running>, Vec<String>) {
    let starts: [(&str, Starts); 3] =
        [(peers::LITELLM, litellm), (peers::PORTKEY, portkey), (peers::TENSORZERO, tensorzero)];
    let (mut running, mut absent) = (Vec::new(), Vec::new());
    for (name, start) in starts {
        match peers::home().and_then(|home| start(&home, upstream, scratch)) {
            Some(gateway) => running.push(gateway),
            None => absent.push(name.to_owned()),
        }
    }
    (running, absent)
}

fn litellm(home: &Path, upstream: &Upstream, scratch: &Path) -> Option<Running> {
    let config = format!(
        "model_list:\n  - model_name: m\n    litellm_params:\n      model: openai/m\n      api_base: {}\n      api_key: sk-mock\n",
        upstream.url()
    );
    let started = peers::litellm(home, &config, scratch)?;
    let target = target(started.port, "authorization: Bearer sk-any\r\n", "m");
    Some(Running::new(peers::LITELLM, target, started))
}

fn portkey(home: &Path, upstream: &Upstream, _: &Path) -> Option<Running> {
    let started = peers::portkey(home)?;
    let headers = format!(
        "authorization: Bearer sk-mock\r\nx-portkey-provider: openai\r\nx-portkey-custom-host: {}\r\n",
        upstream.url()
    );
    Some(Running::new(peers::PORTKEY, target(started.port, &headers, "m"), started))
}

fn tensorzero(home: &Path, upstream: &Upstream, scratch: &Path) -> Option<Running> {
    let config = format!(
        "[gateway]\nobservability.enabled = false\n[models.mock]\nrouting = [\"m\"]\n[models.mock.providers.m]\ntype = \"openai\"\nmodel_name = \"m\"\napi_base = \"{}/\"\napi_key_location = \"none\"\n",
        upstream.url()
    );
    let started = peers::tensorzero(home, &config, scratch)?;
    let mut target = target(started.port, "authorization: Bearer x\r\n", "tensorzero::model_name::mock");
    target.path = "/openai/v1/chat/completions".to_owned();
    Some(Running::new(peers::TENSORZERO, target, started))
}

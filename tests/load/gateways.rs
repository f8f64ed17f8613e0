//! Gateways that are measured: ours, a proxy of hyper alone, and those of others where they are installed.

use crate::{
    load::{Target, Upstream},
    program::Program,
};
use hyper::{Request, body::Incoming, client::conn::http1 as out, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Where the proxy sends everything; the process that finds this in its environment is that proxy.
pub(crate) const PROXY_TO: &str = "PARALLAX_BARE_PROXY_TO";
/// Longest wait for a gateway to listen.
const PATIENCE: Duration = Duration::from_secs(90);

/// Starts a gateway from this folder before this provider, with room of its own; `None` = it did not.
type Starts = fn(&Path, &Upstream, &Path) -> Option<Running>;

/// A gateway that runs.
pub(crate) struct Running {
    pub name: String,
    pub target: Target,
    /// From its start until it listens.
    pub start: Duration,
    process: Child,
}

impl Running {
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

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
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
        Running { name: name.to_owned(), target, start, process }
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

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Starts a program and waits until it listens. `None` = it ended instead.
fn started(name: &str, mut command: Command, target: Target) -> Option<Running> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut process = command.spawn().ok()?;
    while TcpStream::connect(target.address).is_err() {
        if process.try_wait().unwrap().is_some() || start.elapsed() > PATIENCE {
            let _ = process.kill();
            let _ = process.wait();
            return None;
        }
        thread::sleep(Duration::from_millis(2));
    }
    Some(Running { name: name.to_owned(), target, start: start.elapsed(), process })
}

/// This very program, as a proxy.
pub(crate) fn bare(upstream: &Upstream) -> Running {
    let port = free_port();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_bare_proxy", "--ignored"]);
    command.env(PROXY_TO, format!("{port} {}", upstream.address()));
    started("hyper alone, bytes passed on", command, target(port, "", "m")).unwrap()
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

/// The folder of other makers' gateways; they are there once `cargo xtask prove gateway` installed them.
fn home() -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    test.ancestors().map(|folder| folder.join("gateways")).find(|folder| folder.is_dir())
}

/// Those of others that are installed and start, and the names of those that do not.
pub(crate) fn others(upstream: &Upstream, scratch: &Path) -> (Vec<Running>, Vec<String>) {
    let starts: [(&str, Starts); 3] = [(LITELLM, litellm), (PORTKEY, portkey), (TENSORZERO, tensorzero)];
    let (mut running, mut absent) = (Vec::new(), Vec::new());
    for (name, start) in starts {
        match home().and_then(|home| start(&home, upstream, scratch)) {
            Some(gateway) => running.push(gateway),
            None => absent.push(name.to_owned()),
        }
    }
    (running, absent)
}

const LITELLM: &str = "LiteLLM 1.106.2 (no database)";
const PORTKEY: &str = "Portkey 1.15.2 (hono 4.9.7)";
const TENSORZERO: &str = "TensorZero 2026.6.0 (no database)";

fn litellm(home: &Path, upstream: &Upstream, scratch: &Path) -> Option<Running> {
    let program = home.join("litellm/python/bin/litellm");
    let config = scratch.join("litellm.yaml");
    let text = format!(
        "model_list:\n  - model_name: m\n    litellm_params:\n      model: openai/m\n      api_base: {}\n      api_key: sk-mock\n",
        upstream.url()
    );
    std::fs::write(&config, text).unwrap();
    let port = free_port();
    let mut command = Command::new(program);
    command.arg("--config").arg(&config).args(["--host", "127.0.0.1", "--num_workers", "1", "--port"]);
    command.arg(port.to_string());
    for (name, value) in [
        ("LITELLM_LOCAL_MODEL_COST_MAP", "True"),
        ("LITELLM_TELEMETRY", "False"),
        ("DISABLE_ADMIN_UI", "True"),
        ("LITELLM_LOG", "ERROR"),
        ("LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY", "true"),
        ("NO_PROXY", "127.0.0.1"),
    ] {
        command.env(name, value);
    }
    started(LITELLM, command, target(port, "authorization: Bearer sk-any\r\n", "m"))
}

fn portkey(home: &Path, upstream: &Upstream, _: &Path) -> Option<Running> {
    let program = home.join("node/node_modules/@portkey-ai/gateway/build/start-server.js");
    if !program.is_file() {
        return None;
    }
    let port = free_port();
    let mut command = Command::new("node");
    command.arg(program).arg(format!("--port={port}")).arg("--headless");
    // It does not send to this machine unless told that it may.
    command.env("TRUSTED_CUSTOM_HOSTS", "127.0.0.1,localhost").env("NODE_ENV", "production");
    let headers = format!(
        "authorization: Bearer sk-mock\r\nx-portkey-provider: openai\r\nx-portkey-custom-host: {}\r\n",
        upstream.url()
    );
    started(PORTKEY, command, target(port, &headers, "m"))
}

/// It has its server inside Python: the client of another maker, patched, says where.
fn tensorzero(home: &Path, upstream: &Upstream, scratch: &Path) -> Option<Running> {
    let program = home.join("tensorzero/python/bin/python");
    let config = scratch.join("tensorzero.toml");
    let text = format!(
        "[gateway]\nobservability.enabled = false\n[models.mock]\nrouting = [\"m\"]\n[models.mock.providers.m]\ntype = \"openai\"\nmodel_name = \"m\"\napi_base = \"{}/\"\napi_key_location = \"none\"\n",
        upstream.url()
    );
    std::fs::write(&config, text).unwrap();
    let script = "import sys\nfrom openai import OpenAI\nfrom tensorzero import patch_openai_client\n\
        client = OpenAI(api_key='x')\n\
        patch_openai_client(client, config_file=sys.argv[1], async_setup=False)\n\
        print(client.base_url, flush=True)\nsys.stdin.read()\n";
    let mut command = Command::new(program);
    command
        .args(["-c", script])
        .arg(&config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let start = Instant::now();
    let mut process = command.spawn().ok()?;
    let line = BufReader::new(process.stdout.take()?).lines().next()?.ok()?;
    let port = line.strip_prefix("http://")?.split(['/', ':']).nth(1)?.parse().ok()?;
    let mut target = target(port, "authorization: Bearer x\r\n", "tensorzero::model_name::mock");
    target.path = "/openai/v1/chat/completions".to_owned();
    Some(Running { name: TENSORZERO.to_owned(), target, start: start.elapsed(), process })
}

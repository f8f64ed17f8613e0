//! Gateways of other makers as their registries have them, installed by `cargo xtask`: how each is started.
#![expect(clippy::disallowed_methods, reason = "how long a start takes is measured")]

use std::{
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Name and version.
pub const LITELLM: &str = "LiteLLM 1.106.2 (no database)";
/// Name and version; newer versions of what it is built on let it answer no stream.
pub const PORTKEY: &str = "Portkey 1.15.2 (hono 4.9.7)";
/// Name and version.
pub const TENSORZERO: &str = "TensorZero 2026.6.0 (no database)";

/// The key that TensorZero finds in its environment, for a configuration that asks for one.
pub const TENSORZERO_KEY: &str = "env::PROVIDER_KEY";

/// Longest wait for a gateway to listen.
const PATIENCE: Duration = Duration::from_secs(90);

/// A program that ends with this value.
pub struct Process(Child);

impl Process {
    /// Of a program that was started.
    pub fn new(child: Child) -> Self {
        Self(child)
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A gateway that listens.
pub struct Started {
    /// Where, on this machine.
    pub port: u16,
    /// From its start until it listened.
    pub start: Duration,
    /// What runs.
    pub process: Process,
}

/// The folder they are installed in, once `cargo xtask prove gateway` or `prove gateway_faults` was there.
pub fn home() -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    test.ancestors().map(|folder| folder.join("gateways")).find(|folder| folder.is_dir())
}

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Starts a program and waits until it listens. `None` = it ended instead, or took too long.
pub fn started(mut command: Command, port: u16) -> Option<Started> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut process = Process::new(command.spawn().ok()?);
    while TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_err() {
        if process.0.try_wait().unwrap().is_some() || start.elapsed() > PATIENCE {
            return None;
        }
        thread::sleep(Duration::from_millis(2));
    }
    Some(Started { port, start: start.elapsed(), process })
}

/// With this configuration, in YAML.
pub fn litellm(home: &Path, config: &str, scratch: &Path) -> Option<Started> {
    let file = scratch.join("litellm.yaml");
    std::fs::write(&file, config).unwrap();
    let port = free_port();
    let mut command = Command::new(home.join("litellm/python/bin/litellm"));
    command.arg("--config").arg(&file).args(["--host", "127.0.0.1", "--num_workers", "1", "--port"]);
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
    started(command, port)
}

/// It is told with every request where to send it.
pub fn portkey(home: &Path) -> Option<Started> {
    let program = home.join("node/node_modules/@portkey-ai/gateway/build/start-server.js");
    if !program.is_file() {
        return None;
    }
    let port = free_port();
    let mut command = Command::new("node");
    command.arg(program).arg(format!("--port={port}")).arg("--headless");
    // It does not send to this machine unless told that it may.
    command.env("TRUSTED_CUSTOM_HOSTS", "127.0.0.1,localhost").env("NODE_ENV", "production");
    started(command, port)
}

/// With this configuration, in TOML. It has its server inside Python: the client of another maker, patched, says
/// where.
pub fn tensorzero(home: &Path, config: &str, scratch: &Path) -> Option<Started> {
    let file = scratch.join("tensorzero.toml");
    std::fs::write(&file, config).unwrap();
    let script = "import sys\nfrom openai import OpenAI\nfrom tensorzero import patch_openai_client\n\
        client = OpenAI(api_key='x')\n\
        patch_openai_client(client, config_file=sys.argv[1], async_setup=False)\n\
        print(client.base_url, flush=True)\nsys.stdin.read()\n";
    let mut command = Command::new(home.join("tensorzero/python/bin/python"));
    command.args(["-c", script]).arg(&file).env("PROVIDER_KEY", "sk-mock");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let start = Instant::now();
    let mut process = Process::new(command.spawn().ok()?);
    let lines = BufReader::new(process.0.stdout.take()?).lines();
    let (told, address) = mpsc::channel();
    // It writes its log there too, before the address and after it.
    thread::spawn(move || {
        for line in lines.map_while(Result::ok).filter(|line| line.starts_with("http://")) {
            let _ = told.send(line);
        }
    });
    let line = address.recv_timeout(PATIENCE).ok()?;
    let port = line.strip_prefix("http://")?.split(['/', ':']).nth(1)?.parse().ok()?;
    Some(Started { port, start: start.elapsed(), process })
}

//! The real workerd with the guard in it, as a process that a test can start, kill and start again.
//!
//! 1. The Worker is built once per test process, before the first start.
//! 2. Node and workerd form one process group, ended by a `ProcessGroup`: none outlives the test process.
//! 3. `kill` is SIGKILL to both, and `restart` takes up the same storage.
//! 4. A line of its log that holds a secret fails every test that uses it from then on.
//! 5. Nothing stays behind, in the system's folder for temporary files either.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::log_secrets;
use crate::process_group::ProcessGroup;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const START: Duration = Duration::from_secs(60);

/// What a runtime is started with.
#[derive(Debug)]
pub struct Setup {
    kv: bool,
    vars: Vec<(String, String)>,
    policy: Option<Value>,
    config: &'static str,
    more: Vec<&'static str>,
}

/// The deployment's own configuration.
const CONFIG: &str = "wrangler.toml";
/// The same without the binding that leads to the objects, which is as if all of them were down.
const WITHOUT_OBJECTS: &str = "tests/workerd/without-objects.toml";

impl Setup {
    pub fn new(kv: bool) -> Setup {
        Setup { kv, vars: Vec::new(), policy: None, config: CONFIG, more: Vec::new() }
    }

    pub fn var(mut self, name: &str, value: &str) -> Setup {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn policy(mut self, policy: &Value) -> Setup {
        self.policy = Some(policy.clone());
        self
    }

    pub fn objects(mut self, bound: bool) -> Setup {
        self.config = if bound { CONFIG } else { WITHOUT_OBJECTS };
        self
    }

    /// Under another configuration than the deployment's own.
    pub fn config(mut self, path: &'static str) -> Setup {
        self.config = path;
        self
    }

    /// With a module around the Worker, which is run in its place.
    pub fn around(mut self, module: &'static str) -> Setup {
        self.more.extend(["--around", module]);
        self
    }

    /// With the queue_producer beside it, who calls its queue consumer.
    pub fn queue_producer(mut self) -> Setup {
        self.more.extend(["--beside", "tests/workerd/queue_producer/wrangler.toml"]);
        self
    }

    /// With a Worker beside it that is the origin, for a configuration that binds one.
    pub fn origin_service(mut self) -> Setup {
        self.more.extend(["--beside", "tests/workerd/origin_service/wrangler.toml"]);
        self
    }

    /// With a Worker that writes the guard's spans into the log.
    pub fn tail(mut self) -> Setup {
        self.more.extend(["--tail", "tests/workerd/tail/wrangler.toml"]);
        self
    }

    /// With a queue to consume, and one for dead letters.
    pub fn queues(mut self) -> Setup {
        self.more.extend(["--queues", "tests/workerd/queue_producer/queues.toml"]);
        self
    }

    fn arguments(&self, storage: &Path) -> Vec<String> {
        let storage = storage.display().to_string();
        let script = ["scripts/runtime.mjs", "--no-build", "--port", "0"];
        let places = ["--config", self.config, "--persist", &storage];
        let mut arguments: Vec<_> =
            [&script[..], &places, &self.more].concat().into_iter().map(str::to_owned).collect();
        if let Some(policy) = &self.policy {
            arguments.extend(["--policy".to_owned(), policy.to_string()]);
        }
        arguments.extend((!self.kv).then(|| "--no-kv".to_owned()));
        for (name, value) in &self.vars {
            arguments.extend(["--var".to_owned(), format!("{name}={value}")]);
        }
        arguments
    }
}

pub struct Runtime {
    setup: Setup,
    pub storage: PathBuf,
    log: Log,
    process: Option<Process>,
}

impl Runtime {
    #[track_caller]
    pub fn start(setup: Setup) -> Runtime {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("workerd-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let storage = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(storage.join("tmp")).expect("a folder for the runtime's storage");
        let mut runtime = Runtime { setup, storage, log: Log::default(), process: None };
        runtime.restart();
        runtime
    }

    /// Starts it (again) on its storage.
    #[track_caller]
    pub fn restart(&mut self) {
        assert!(self.process.is_none(), "the runtime still runs: kill it first");
        build();
        self.process = Some(Process::start(&self.setup, &self.storage, &self.log));
    }

    /// The next start is another deployment on the same storage. The runtime must have been killed.
    #[track_caller]
    pub fn redeploy(&mut self, change: impl FnOnce(Setup) -> Setup) {
        assert!(!self.runs(), "kill the runtime before it is deployed anew");
        let setup = std::mem::replace(&mut self.setup, Setup::new(true));
        self.setup = change(setup);
        self.restart();
    }

    /// SIGKILL to workerd and node; returns when nothing listens any more.
    #[track_caller]
    pub fn kill(&mut self) {
        let process = self.process.take().expect("the runtime runs");
        let address = process.addresses[0];
        process.kill();
        let deadline = Instant::now() + START;
        while TcpStream::connect(address).is_ok() {
            assert!(Instant::now() < deadline, "workerd still listens on {address} after SIGKILL");
            thread::yield_now();
        }
    }

    #[track_caller]
    pub fn address(&self) -> SocketAddr {
        self.process.as_ref().expect("the runtime runs").addresses[0]
    }

    /// Where the queue_producer answers.
    #[track_caller]
    pub fn queue_producer(&self) -> SocketAddr {
        let process = self.process.as_ref().expect("the runtime runs");
        process.addresses[1..].first().copied().expect("set up with a queue_producer")
    }

    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Panics where a line of the log holds what a test has sent.
    #[track_caller]
    pub fn check_log(&self) {
        if let Some(line) = &self.log.lock().leak {
            panic!("{line}");
        }
    }

    /// The line that holds a secret, for a test that made it do so.
    pub fn take_leak(&self) -> Option<String> {
        self.log.lock().leak.take()
    }

    pub fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// Where the KV simulator keeps its entries.
    pub fn kv_folder(&self) -> PathBuf {
        self.storage.join("kv")
    }

    /// Where the objects keep theirs, a few files each.
    pub fn objects_folder(&self) -> PathBuf {
        self.storage.join("do/onlyonce-IdempotencyGuard")
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let copy = if self.setup.kv { "with KV" } else { "without KV" };
        write!(to, "a runtime {copy}, {:?}, {:?}", self.setup.vars, self.setup.policy)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // A living process has its folder removed by its process_group.
        if self.process.is_none() {
            let _ = fs::remove_dir_all(&self.storage);
        }
    }
}

/// Builds the Worker; the script does nothing when no source has changed.
fn build() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let built = node().arg("scripts/build.mjs").output().expect("node runs");
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "scripts/build.mjs failed: {said}");
    });
}

/// Node from ONLYONCE_NODE, or the one that `npm ci` installed.
fn node() -> Command {
    let installed = Path::new(ROOT).join("node_modules/.bin/node");
    let program = std::env::var_os("ONLYONCE_NODE").map_or(installed, PathBuf::from);
    let mut node = Command::new(program);
    node.current_dir(ROOT).stdin(Stdio::null());
    node
}

struct Process {
    node: Child,
    process_group: Option<ProcessGroup>,
    /// The guard's, and that of what runs beside it.
    addresses: Vec<SocketAddr>,
}

impl Process {
    #[track_caller]
    fn start(setup: &Setup, storage: &Path, log: &Log) -> Process {
        let mut command = node();
        command.args(setup.arguments(storage)).process_group(0);
        // Node cannot tidy up after SIGKILL: what it leaves goes with the storage.
        command.env("TMPDIR", storage.join("tmp"));
        let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut node = spawned.expect("node runs: `npm ci` installs it, or set ONLYONCE_NODE");
        let process_group = Some(ProcessGroup::watch(node.id(), storage).expect("sh runs"));
        let (tell, told) = mpsc::channel();
        log.follow(node.stdout.take(), Some(tell));
        log.follow(node.stderr.take(), None);
        let mut process = Process { node, process_group, addresses: Vec::new() };
        match told.recv_timeout(START) {
            Ok(addresses) => process.addresses = addresses,
            Err(RecvTimeoutError::Timeout) => {
                panic!("the runtime was not ready in {START:?}: {}", log.text())
            }
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the runtime ended at its start: {}", log.text())
            }
        }
        process
    }

    fn kill(mut self) {
        if let Some(process_group) = self.process_group.take() {
            process_group.kill_and_keep();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.process_group.take());
        // Only now: until it is reaped, node's id still names the group that the process_group kills. The second
        // kill changes nothing, unless the process_group failed: then the wait must still end.
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

/// What the runtime says, both streams, line by line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    text: String,
    /// The first line that holds what a test has sent, and what that is.
    leak: Option<String>,
}

impl Said {
    fn add(&mut self, line: &str) {
        let leak = || Some(format!("the log holds {:?}: {line}", log_secrets::found_in(line)?));
        self.leak = self.leak.take().or_else(leak);
        self.text.push_str(line);
        self.text.push('\n');
    }
}

impl Log {
    /// A failed check of the log must not keep others from their own.
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> String {
        self.lock().text.clone()
    }

    fn follow(
        &self,
        stream: Option<impl Read + Send + 'static>,
        mut ready: Option<Sender<Vec<SocketAddr>>>,
    ) {
        let log = self.clone();
        let stream = stream.expect("the stream is piped");
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if let Some(addresses) = addresses_in(&line)
                    && let Some(tell) = ready.take()
                {
                    // The test may have given up waiting.
                    let _ = tell.send(addresses);
                }
                log.lock().add(&line);
            }
        });
    }
}

/// The addresses in `ready http://127.0.0.1:8787 workerd=4711 beside=http://127.0.0.1:8788`.
fn addresses_in(line: &str) -> Option<Vec<SocketAddr>> {
    let words = line.strip_prefix("ready ")?.split(' ');
    let urls = words.filter_map(|word| word.trim_start_matches("beside=").strip_prefix("http://"));
    urls.map(|address| address.parse().ok()).collect()
}

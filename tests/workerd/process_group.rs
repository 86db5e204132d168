//! Ends a process group when its owner does, however the owner ends.
//!
//! The process_group is a shell that reads from a pipe only the test process holds open. The pipe closes when the
//! owner lets go of it, and just the same when the test process panics, is interrupted or is killed. The
//! shell then kills the group with SIGKILL and, unless it was told `keep`, removes the folder.
//!
//! The group's leader is the owner's child and is reaped only after the process_group is done, so that its number
//! cannot belong to anyone else by then.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const SCRIPT: &str = r#"read -r order
kill -s KILL -- "-$1"
[ "$order" = keep ] || rm -rf -- "$2""#;

pub struct ProcessGroup(Child);

impl ProcessGroup {
    pub fn watch(group: u32, folder: &Path) -> io::Result<ProcessGroup> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "process_group"]).arg(group.to_string()).arg(folder);
        // Its own group: a Ctrl-C in the terminal must not end the process_group before its work is done.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.spawn().map(ProcessGroup)
    }

    /// Kills the group and leaves the folder as it is.
    pub fn kill_and_keep(mut self) {
        if let Some(pipe) = &mut self.0.stdin {
            pipe.write_all(b"keep\n").expect("the process_group lives");
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // A shell that cannot be waited for has already been reaped.
        let _ = self.0.wait();
    }
}

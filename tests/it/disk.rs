//! Disks that are full or read-only: small ones of our own, mounted in a name space of the
//! test's processes.

use crate::harness::{Home, Ran};
use crate::store;

/// Runs a script as the root of a name space of its own, in an empty folder `disk`; `None`
/// where this system does not let us mount.
fn with_mounts(home: &Home, script: &str) -> Option<Ran> {
    std::fs::create_dir(home.path("disk")).unwrap();
    let probe = home.shell("unshare -rm mount -t tmpfs -o size=100k tmpfs disk");
    if probe.code != Some(0) {
        println!("skipped: no mounts here: {}", probe.err);
        return None;
    }
    home.write("script", format!("gec() {{ \"$GEC\" \"$@\"; }}\n{script}"));
    Some(home.shell("unshare -rm bash script"))
}

#[test]
fn a_full_disk_is_told_and_the_run_goes_on_when_there_is_space() {
    let home = Home::new();
    for kibibytes in [60, 130, 300, 400, 420, 450] {
        std::fs::remove_dir_all(home.path("disk")).ok();
        let run = "gec run -d sample -m 1best,mbr --db disk/gec.db --format json";
        let script = format!(
            "mount -t tmpfs -o size={kibibytes}k tmpfs disk || exit 99\n{run}; echo $? >&2\n\
             echo --- >&2; mount -o remount,size=50m disk; {run} && cp disk/gec.db copy.db"
        );
        let Some(ran) = with_mounts(&home, &script) else { return };
        let ran = ran.succeeds();
        let (full, after) = ran.err.split_once("---").unwrap();
        for part in ["no space left for database `disk/gec.db`", "hint: free some space", "\n2\n"] {
            assert!(full.contains(part), "{kibibytes} KiB, {part}: {ran}");
        }
        assert!(!after.contains("error"), "{ran}");
        assert_eq!(ran.rows().len(), 2);
        let stored = store::corrections(&home.path("copy.db"));
        assert_eq!(stored.len(), 1000);
        assert!(stored.iter().all(|one| one.attempts == 1));
    }
}

#[test]
fn a_limit_on_files_is_told_and_the_run_goes_on_without_it() {
    let home = Home::new();
    let run = "gec run -d sample -m 1best,mbr --format json";
    for blocks in [40, 100, 250] {
        let ran = home.shell(&format!("trap '' XFSZ; ulimit -f {blocks}; {run}"));
        ran.refuses(&["[HOME]/data/gec/gec.db", "same command again"]);
    }
    assert_eq!(home.shell(run).succeeds().rows().len(), 2);
    assert_eq!(store::corrections(&home.db()).len(), 1000);
}

#[test]
fn a_read_only_disk_is_told() {
    let home = Home::new();
    let script = "mount -t tmpfs -o size=50m tmpfs disk || exit 99\n\
         gec run -d sample -m 1best --db disk/gec.db --quiet >/dev/null || exit 98\n\
         mount -o remount,ro disk || exit 97\n\
         for name in gec new; do gec run -d sample -m mbr --db disk/$name.db; echo $? >&2; done";
    let Some(ran) = with_mounts(&home, script) else { return };
    let ran = ran.succeeds();
    assert_eq!(ran.err.matches("error: ").count(), 2, "{ran}");
    assert_eq!(ran.err.matches("hint: make the file and its folder writable").count(), 2, "{ran}");
    assert_eq!(ran.err.matches("\n2\n").count(), 2, "{ran}");
    assert!(ran.err.contains("disk/gec.db"), "{ran}");
}

//! Fetching from a hub on this machine.

use std::path::PathBuf;

use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::*;
use crate::corpus::checksum;
use crate::datasets::{Expected, Grouping, HubRepository, Subset};

const BODY: &str = r#"[{"input": ["a b", "a c"], "output": "a b"}]"#;
const FILE: &str = "/datasets/who/what/resolve/main/test/one.json";

/// Serves a file in ranges, with the headers of a hub.
struct HubFile(&'static str);

impl Respond for HubFile {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let range = request.headers.get("range").and_then(|value| value.to_str().ok());
        let (start, end) =
            range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')).unwrap();
        let (start, last) = (start.parse::<usize>().unwrap(), self.0.len() - 1);
        let end = end.parse().unwrap_or(last).min(last);
        let body = self.0.as_bytes().get(start..=end).unwrap_or_default();
        ResponseTemplate::new(206)
            .insert_header("etag", "\"e7a9\"")
            .insert_header("x-repo-commit", "c0ffee")
            .insert_header("content-range", format!("bytes {start}-{end}/{}", self.0.len()))
            .set_body_bytes(body)
    }
}

fn manifest(words: u64) -> Manifest {
    let sha256 =
        checksum(&Source::Embedded { name: "body", bytes: BODY.as_bytes() }, None).unwrap();
    let file = DataFile {
        split: "test".to_owned(),
        path: PathBuf::from("test/one.json"),
        expected: Some(Expected { utterances: 1, words, sha256 }),
    };
    Manifest {
        name: "mini".to_owned(),
        title: String::new(),
        about: String::new(),
        licence: String::new(),
        obtain: String::new(),
        group: Grouping::Reference,
        default_split: "test".to_owned(),
        audio: false,
        folders: Vec::new(),
        hub: Some(HubRepository { repository: "who/what".to_owned(), revision: "main".to_owned() }),
        subsets: vec![Subset { name: "one".to_owned(), title: String::new(), files: vec![file] }],
    }
}

struct Pulled {
    result: Result<PathBuf, DatasetError>,
    /// Whether the file is found in the cache afterwards.
    present: bool,
    /// Requests the hub got.
    requests: usize,
}

/// Pulls the file of `manifest`, `times` times into one new cache.
fn pull_from(responder: impl Respond + 'static, manifest: &Manifest, times: usize) -> Pulled {
    let cache = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(async {
        let server = MockServer::start().await;
        Mock::given(method("GET")).and(path(FILE)).respond_with(responder).mount(&server).await;
        server
    });
    let hub = Hub {
        endpoint: server.uri(),
        cache: cache.path().join("hub"),
        offline: false,
        token: None,
        progress: false,
    };
    let file = &manifest.subsets[0].files[0];
    let result = (1..times).fold(pull(manifest, file, &hub), |_, _| pull(manifest, file, &hub));
    let present = manifest.locate_in_hub_cache(file, Some(&hub.cache)).is_some();
    let requests = runtime.block_on(server.received_requests()).unwrap().len();
    if let Ok(path) = &result {
        assert_eq!(fs_err::read_to_string(path).unwrap(), BODY);
    }
    Pulled { result, present, requests }
}

#[test]
fn a_pulled_file_is_found_and_not_fetched_again() {
    let once = pull_from(HubFile(BODY), &manifest(2), 1);
    assert!(once.result.is_ok() && once.present, "{:?}", once.result);
    let twice = pull_from(HubFile(BODY), &manifest(2), 2);
    assert_eq!(once.requests, twice.requests);
}

#[test]
fn a_file_the_hub_does_not_have_says_so() {
    let pulled = pull_from(ResponseTemplate::new(404), &manifest(2), 1);
    let error = pulled.result.unwrap_err();
    assert!(error.to_string().contains("404") && error.to_string().contains(FILE), "{error}");
    assert!(error.hint().unwrap().contains("no such file") && !pulled.present);
}

#[test]
fn a_file_that_is_not_the_expected_one_is_removed_and_fetched_again() {
    let other = r#"[{"input": ["a b"], "output": "a x"}]"#;
    let pulled = pull_from(HubFile(other), &manifest(2), 2);
    let error = pulled.result.unwrap_err();
    assert!(matches!(error, DatasetError::Mismatch { .. }), "{error}");
    assert!(error.to_string().contains("SHA-256") && !pulled.present);
    assert!(pulled.requests >= 4);
}

#[test]
fn a_download_cut_short_never_counts_as_present() {
    /// Promises the whole file, delivers half.
    struct Half;
    impl Respond for Half {
        fn respond(&self, request: &Request) -> ResponseTemplate {
            let whole = HubFile(BODY).respond(request);
            if request.headers.get("range").is_some_and(|range| range == "bytes=0-0") {
                return whole;
            }
            whole.set_body_bytes(BODY.as_bytes().get(..BODY.len() / 2).unwrap_or_default())
        }
    }
    let mut unknown = manifest(2);
    let pulled = pull_from(Half, &unknown, 1);
    assert!(pulled.result.is_err() && !pulled.present);
    unknown.subsets[0].files[0].expected = None;
    let pulled = pull_from(Half, &unknown, 1);
    let error = pulled.result.unwrap_err();
    assert!(error.to_string().contains("never closed") && !pulled.present, "{error}");
}

#[test]
fn offline_mode_takes_what_is_there_and_fetches_nothing() {
    let cache = tempfile::tempdir().unwrap();
    let hub = Hub {
        endpoint: "http://127.0.0.1:1".to_owned(),
        cache: cache.path().to_path_buf(),
        offline: true,
        token: None,
        progress: false,
    };
    let manifest = manifest(2);
    let file = &manifest.subsets[0].files[0];
    let error = pull(&manifest, file, &hub).unwrap_err();
    assert!(matches!(error, DatasetError::Offline { .. }) && error.hint().is_some());
    let folder = cache.path().join("datasets--who--what");
    fs_err::create_dir_all(folder.join("refs")).unwrap();
    fs_err::create_dir_all(folder.join("snapshots/1/test")).unwrap();
    fs_err::write(folder.join("refs/main"), "1").unwrap();
    fs_err::write(folder.join("snapshots/1/test/one.json"), BODY).unwrap();
    assert!(pull(&manifest, file, &hub).is_ok());
}

#[test]
fn a_dataset_without_a_hub_says_how_to_get_it() {
    let mut manifest = manifest(2);
    manifest.hub = None;
    manifest.obtain = "built in".to_owned();
    let hub = Hub {
        endpoint: String::new(),
        cache: PathBuf::new(),
        offline: false,
        token: None,
        progress: false,
    };
    let error = pull(&manifest, &manifest.subsets[0].files[0], &hub).unwrap_err();
    assert_eq!(error.to_string(), "dataset `mini` is not on a hub: built in");
}

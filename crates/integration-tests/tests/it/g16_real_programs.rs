//! G16, against the programs that are installed: secrets appear in no form in which they write them.

use execution_engine::ExecutionRequest;
use integration_tests::TestEngine;

/// Programs that print the variable `T` in their own way.
const PRINTERS: &[(&str, &[&str])] = &[
    ("env", &[]),
    ("printenv", &["T"]),
    ("dash", &["-c", "set; export -p"]),
    ("dash", &["-xc", ": \"$T\""]),
    ("bash", &["-c", "set; export -p; declare -p T; printf '%q\\n' \"$T\"; echo \"${T@Q}\" $T"]),
    ("bash", &["-c", "LC_ALL=C; set; export -p; declare -p T; printf '%q\\n' \"$T\""]),
    ("bash", &["-xc", ": \"$T\""]),
    ("zsh", &["-c", "set; export -p; typeset -p T; print -r -- \"${(q)T} ${(qq)T} ${(qqq)T} ${(qqqq)T}\""]),
    ("fish", &["-c", "string escape -- $T; string escape --style=url -- $T"]),
    ("sh", &["-c", "LC_ALL=C.UTF-8 ls \"/missing-$T\" 2>&1; LC_ALL=C ls \"/missing-$T\" 2>&1"]),
    (
        "sh",
        &[
            "-c",
            "cd \"$(mktemp -d)\" && : >\"x${T}x\"; ls -Q; ls -b; LC_ALL=C ls -Q; LC_ALL=C ls -b; find . -ls; rm -r \"$PWD\"",
        ],
    ),
    ("sh", &["-c", "printf %s \"$T\" | od -An -v -tx1 | tr -d ' \\n'"]),
    ("sh", &["-c", "git -c core.quotePath=true -c \"alias.x=$T\" config --get-regexp alias"]),
    ("python3", &["-c", PYTHON]),
    ("perl", &["-MData::Dumper", "-e", PERL]),
    ("jq", &["-n", "env.T, [env.T], {(env.T): 1}"]),
    ("jq", &["-na", "env.T"]),
    ("jq", &["-nr", "env.T | @json, @sh, @html, @uri, ([.] | @csv), ([.] | @tsv), @base64"]),
    ("ruby", &["-rjson", "-rcgi", "-rshellwords", "-e", RUBY]),
    ("node", &["-e", NODE]),
    (
        "php",
        &[
            "-r",
            "$t = getenv('T'); echo json_encode($t), htmlspecialchars($t), var_export($t, true), urlencode($t);",
        ],
    ),
];

const PYTHON: &str = r#"
import ast, csv, html, json, os, shlex, sys, urllib.parse as u
from xml.sax.saxutils import escape, quoteattr
t, b = os.environ["T"], os.environb[b"T"]
sys.stdout.reconfigure(encoding="utf-8")
csv.writer(sys.stdout).writerow([t, "x"])
print(repr(t), ascii(t), b, [t], json.dumps(t), json.dumps(t, ensure_ascii=False), shlex.quote(t))
print(u.quote(t), u.quote_plus(t), u.urlencode({"a": t}), html.escape(t), escape(t), quoteattr(t))
print(t.encode("ascii", "xmlcharrefreplace").decode(), b.hex(), b.hex().upper())
sys.stdout.flush()
for order in "le", "be": sys.stdout.buffer.write(t.encode("utf-16-" + order) + b"\n")
sys.stdout.buffer.flush()
{}[t]
"#;

const PERL: &str = r#"
print Dumper($ENV{T}), unpack("H*", $ENV{T}), "\n"; $Data::Dumper::Useqq = 1; print Dumper($ENV{T});
utf8::decode($ENV{T}); print Dumper($ENV{T});
"#;

const RUBY: &str = r#"
t = ENV["T"]; p t, t.b; puts t.dump, t.to_json, CGI.escapeHTML(t), CGI.escape(t), Shellwords.escape(t)
"#;

const NODE: &str = r#"
const t = process.env.T, print = console.log
print([t], { t }, JSON.stringify(t), encodeURIComponent(t), encodeURI(t), `${new URLSearchParams({ t })}`)
print(JSON.stringify(t).replace(/[^ -~]/g, (c) => "\\u" + c.charCodeAt().toString(16).toUpperCase().padStart(4, "0")))
const url = new URL("http://h/")
url.password = url.username = t
print(url.href)
// Elsewhere in a URL, a parser drops line breaks and tabs, and turns backslashes.
if (!/[\n\t\\]/.test(t)) print(new URL(`http://h/${t}`).href, new URL(`http://h/?${t}`).href)
print(Buffer.from(t).toString("hex"), Buffer.from(t).toString("base64"))
process.stdout.write(Buffer.from(t, "utf16le"))
throw new Error(t)
"#;

/// What is looked for in the output: two parts of each secret, on both sides of what has to be escaped.
const PARTS: [&str; 2] = ["CANAR1", "YTAIL2"];

#[tokio::test]
async fn a_secret_is_masked_as_real_programs_write_it() {
    let between = [
        "", "'", "''", "\"", "'\"", "\\", "\n", "\t", "'\n", "é", "😀", "é\n'\"", "&", "<", ">'&", "$", "@",
        "/", " ", "!~;",
    ];
    let test = TestEngine::new();
    let mut found = Vec::new();
    for (program, args) in PRINTERS {
        let runs = between.map(|middle| {
            let secret = PARTS.join(middle);
            let request = ExecutionRequest::exec(*program, args.iter().copied())
                .env("T", secret.as_str())
                .env("LC_ALL", "C.UTF-8")
                .secrets([secret]);
            (middle, test.engine.execute(request).unwrap())
        });
        for (middle, id) in runs {
            let result = test.wait(id).await;
            let shown = format!("{}{}", result.stdout, result.stderr).replace('\0', "");
            if let Some(line) = shown.lines().find(|line| shows_a_part(line)) {
                found.push(format!("{program} {middle:?}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

fn shows_a_part(line: &str) -> bool {
    let line = line.to_lowercase();
    let hex = |part: &str| part.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    PARTS.iter().any(|part| line.contains(&part.to_lowercase()) || line.contains(&hex(part)))
}

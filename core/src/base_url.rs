//! Where requests may go: the base URL, the HTTPS rule, and joining a path onto it.
//! No path, parameter or URL out of a payload leads a request off the base.

use std::net::{Ipv4Addr, Ipv6Addr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Host, Url};

use crate::error::Error;

/// The longest URL that can be sent, as HTTP libraries have it.
const LONGEST: usize = 65_534;

/// RFC 3986 unreserved characters stay, everything else is encoded.
const PARAMETER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path as the caller wrote it: sub-delimiters, `:`, `@`, `/` and escapes stay as well.
const PATH: &AsciiSet = &PARAMETER
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/')
    .remove(b'%');

/// A checked base URL: scheme, host, port and a path without a trailing slash.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    /// Checks a base URL, the option `name`; `http` only to loopback, or where the user
    /// allows it.
    pub(crate) fn parse(name: &str, text: &str, allow_insecure_http: bool) -> Result<Self, Error> {
        // The URL parser's own message is not shown: the text may hold a password.
        let url = Url::parse(text.trim()).map_err(|error| Error::config(format!("{name} is not a URL: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::config(format!(
                "{name} must not hold a user name or password; give the credential as an option"
            )));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Error::config(format!("{name} must not have a query or a fragment")));
        }
        let base = Self(url);
        match base.0.scheme() {
            "https" => Ok(base),
            "http" if allow_insecure_http || base.is_loopback() => Ok(base),
            "http" => Err(Error::config(format!(
                "{name} is plain http, which would send the credential unencrypted: use https, \
                 or set allow_insecure_http if the network in between is your own"
            ))),
            _ => Err(Error::config(format!("{name} must begin with https:// (or http:// for loopback)"))),
        }
    }

    /// The root of the host.
    pub(crate) fn origin(&self) -> Self {
        let mut root = self.0.clone();
        root.set_path("/");
        Self(root)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn is_same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// Whether one connection pool serves both: TLS and proxies are the same.
    pub(crate) fn is_reached_like(&self, other: &Self) -> bool {
        self.is_https() == other.is_https() && self.is_loopback() == other.is_loopback()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// 127/8, `::1`, `::ffff:127/104` and `localhost`.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => {
                ip == Ipv6Addr::LOCALHOST || ip.to_ipv4_mapped().is_some_and(|ip: Ipv4Addr| ip.is_loopback())
            }
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    /// The URL of `path` under this base. `path` may carry a query, may hold `{name}`
    /// placeholders, and may be an absolute URL of the same origin under the base's path.
    pub(crate) fn resolve(
        &self,
        path: &str,
        parameters: &[(String, String)],
        query: &[(String, String)],
    ) -> Result<Url, Error> {
        let mut url = if is_absolute(path) {
            if !parameters.is_empty() {
                return Err(Error::invalid_request("path parameters go with a path, not with an absolute URL"));
            }
            self.accept(path)?
        } else {
            self.join(path, parameters)?
        };
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        if url.as_str().len() > LONGEST {
            return Err(Error::invalid_request(format!("the URL is longer than {LONGEST} bytes; send a body instead")));
        }
        Ok(url)
    }

    /// An absolute URL, if it stays on this base.
    fn accept(&self, text: &str) -> Result<Url, Error> {
        let refuse = |why: &str| Error::invalid_request(format!("the URL {why} of the client's base_url"));
        refuse_unclean(text)?;
        let path = text.split_once("://").map_or("", |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
        refuse_dot_segments(path.split('?').next().unwrap_or_default())?;
        let url = Url::parse(text).map_err(|error| Error::invalid_request(format!("not a URL: {error}")))?;
        if url.scheme() != self.0.scheme()
            || url.host() != self.0.host()
            || url.port_or_known_default() != self.0.port_or_known_default()
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err(refuse("is not of the scheme, host and port"));
        }
        if url.path() != self.prefix() && !url.path().starts_with(&format!("{}/", self.prefix())) {
            return Err(refuse("is not under the path"));
        }
        Ok(url)
    }

    /// Where a redirect from `from` leads, if it stays on this base.
    pub(crate) fn follow(&self, from: &Url, location: &str) -> Result<Url, Error> {
        let mut target = from
            .join(location)
            .map_err(|error| Error::invalid_request(format!("the redirect's Location is not a URL: {error}")))?;
        // A fragment is for the client (RFC 9110, 10.2.2), which has no use for it.
        target.set_fragment(None);
        self.accept(target.as_str())
    }

    fn join(&self, path: &str, parameters: &[(String, String)]) -> Result<Url, Error> {
        refuse_unclean(path)?;
        if path.starts_with("//") {
            return Err(Error::invalid_request("the path begins with `//`, which would name another host"));
        }
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let path = fill(path.strip_prefix('/').unwrap_or(path), parameters)?;
        refuse_dot_segments(&path)?;
        let path = if path.is_empty() { self.0.path().to_owned() } else { format!("{}/{path}", self.prefix()) };
        let mut url = self.0.clone();
        url.set_path(&path);
        url.set_query(query);
        // The parser must have changed nothing: what it rewrites could leave the base.
        if url.path() == path {
            Ok(url)
        } else {
            Err(Error::invalid_request("the path cannot be written as a URL's path without changing it"))
        }
    }

    /// The path of a URL that this base resolved, from the base on.
    pub(crate) fn path_under<'u>(&self, url: &'u Url) -> &'u str {
        url.path().strip_prefix(self.prefix()).unwrap_or_else(|| url.path())
    }

    fn prefix(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }
}

fn is_absolute(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

fn refuse_unclean(path: &str) -> Result<(), Error> {
    if path.chars().any(char::is_control) {
        return Err(Error::invalid_request("the path holds a control character"));
    }
    if path.contains('\\') {
        return Err(Error::invalid_request("the path holds a backslash, which URL parsers read as `/`"));
    }
    if path.contains('#') {
        return Err(Error::invalid_request("the path holds a `#`; write `%23`, or pass the value as a path parameter"));
    }
    Ok(())
}

/// URL parsers collapse `.` and `..`, and their encoded forms too.
fn refuse_dot_segments(path: &str) -> Result<(), Error> {
    if path.split('/').any(is_dots) {
        return Err(Error::invalid_request("the path holds a `.` or `..` segment"));
    }
    Ok(())
}

fn is_dots(segment: &str) -> bool {
    let after_dot = |text: &'_ str| match text.as_bytes() {
        [b'.', ..] => Some(1),
        [b'%', b'2', b'e' | b'E', ..] => Some(3),
        _ => None,
    };
    let Some(first) = after_dot(segment) else { return false };
    let rest = &segment[first..];
    rest.is_empty() || after_dot(rest) == Some(rest.len())
}

/// Puts the encoded parameters in the place of `{name}` and encodes the rest.
fn fill(template: &str, parameters: &[(String, String)]) -> Result<String, Error> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| Error::invalid_request("the path has a `{` without a `}`; write `%7B` for a literal one"))?;
        let (_, value) = parameters
            .iter()
            .find(|(key, _)| key == name)
            .ok_or_else(|| Error::invalid_request(format!("the path parameter `{name}` has no value")))?;
        if value.is_empty() || matches!(value.as_str(), "." | "..") || value.chars().any(char::is_control) {
            return Err(Error::invalid_request(format!(
                "the path parameter `{name}` is empty, `.`, `..` or holds a control character"
            )));
        }
        push_literal(&mut filled, literal)?;
        filled.extend(utf8_percent_encode(value, PARAMETER));
        rest = after;
    }
    push_literal(&mut filled, rest)?;
    let unused = parameters.iter().find(|(key, _)| !template.contains(&format!("{{{key}}}")));
    if let Some((name, _)) = unused {
        return Err(Error::invalid_request(format!("the path has no place `{{{name}}}` for the path parameter")));
    }
    Ok(filled)
}

fn push_literal(filled: &mut String, literal: &str) -> Result<(), Error> {
    if literal.contains('}') {
        return Err(Error::invalid_request("the path has a `}` without a `{`; write `%7D` for a literal one"));
    }
    let stray = |(at, _)| {
        let digits = literal.as_bytes().get(at + 1..at + 3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if literal.match_indices('%').any(stray) {
        return Err(Error::invalid_request("the path holds a `%` that begins no escape; write `%25`"));
    }
    filled.extend(utf8_percent_encode(literal, PATH));
    Ok(())
}

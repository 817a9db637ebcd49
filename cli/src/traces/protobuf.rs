//! `ExportTraceServiceRequest` of OTLP 1, as protobuf writes it.

use super::{Ended, Value};

/// Spans of a service, as the body of a call.
pub(super) fn request(service: &str, spans: &[Ended]) -> Vec<u8> {
    let resource = message(|out| {
        bytes(out, 1, &attribute("service.name", &Value::Text(service.to_owned())));
        let version = Value::Text(env!("CARGO_PKG_VERSION").to_owned());
        bytes(out, 1, &attribute("service.version", &version));
    });
    let scope = message(|out| bytes(out, 1, b"semantic-bus"));
    let of_scope = message(|out| {
        bytes(out, 1, &scope);
        spans.iter().for_each(|ended| bytes(out, 2, &span(ended)));
    });
    let of_resource = message(|out| {
        bytes(out, 1, &resource);
        bytes(out, 2, &of_scope);
    });
    message(|out| bytes(out, 1, &of_resource))
}

fn span(span: &Ended) -> Vec<u8> {
    const INTERNAL: u64 = 1;
    const SERVER: u64 = 2;
    const ERROR: u64 = 2;
    message(|out| {
        bytes(out, 1, &span.trace);
        bytes(out, 2, &span.id);
        if let Some(parent) = &span.parent {
            bytes(out, 4, parent);
        }
        bytes(out, 5, span.name.as_bytes());
        number(out, 6, if span.serves { SERVER } else { INTERNAL });
        fixed(out, 7, span.began);
        fixed(out, 8, span.ended);
        span.attributes.iter().for_each(|(name, value)| bytes(out, 9, &attribute(name, value)));
        if span.failed {
            bytes(out, 15, &message(|out| number(out, 3, ERROR)));
        }
    })
}

fn attribute(name: &str, value: &Value) -> Vec<u8> {
    let value = message(|out| match value {
        Value::Text(text) => bytes(out, 1, text.as_bytes()),
        Value::Int(int) => number(out, 3, int.cast_unsigned()),
    });
    message(|out| {
        bytes(out, 1, name.as_bytes());
        bytes(out, 2, &value);
    })
}

fn message(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn fixed(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_written_as_the_schema_says() {
        let ended = Ended {
            trace: [1; 16],
            id: [2; 8],
            parent: None,
            name: "call",
            serves: true,
            began: 1,
            ended: 300,
            attributes: vec![("n", Value::Int(300))],
            failed: true,
        };
        let mut expected = vec![0x0a, 16];
        expected.extend([1; 16]);
        expected.extend([0x12, 8]);
        expected.extend([2; 8]);
        expected.extend(b"\x2a\x04call\x30\x02");
        expected.extend([0x39, 1, 0, 0, 0, 0, 0, 0, 0, 0x41, 0x2c, 1, 0, 0, 0, 0, 0, 0]);
        expected.extend([0x4a, 8, 0x0a, 1, b'n', 0x12, 3, 0x18, 0xac, 0x02, 0x7a, 2, 0x18, 2]);
        assert_eq!(span(&ended), expected);
    }
}

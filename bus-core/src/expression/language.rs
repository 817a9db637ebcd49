//! Rules of the language definition and of its conformance suite.

use super::tests::eval;
use serde_json::json;

/// Each of these is true.
const TRUE: &[&str] = &[
    // arithmetic and comparison
    "1 + 2 * 3 - -4 == 11 && 7 % -3 == 1 && -7 / 2 == -3 && 5.0 / 2.0 == 2.5",
    "1u + 2u == 3u && 10u % 3u == 1u && 0x10 == 16 && -0x1 == -1 && 1e3 == 1000.0 && .5 == 0.5",
    "1 < 2.5 && 2u < 3 && -1 < 1u && 9223372036854775807 < 9223372036854775808u && 1 == 1u",
    "!(1 == '1') && !(null == 0) && [1, 2.0] == [1.0, 2] && {'a': 1} == {'a': 1.0} && 'a' < 'b' && b'a' < b'b'",
    "!(0.0 / 0.0 == 0.0 / 0.0) && 0.0 == -0.0 && 1.0 / 0.0 > 1e308 && !(0.0 / 0.0 < 1.0)",
    "false < true && 'é' > 'e' && [] == [] && {} == {} && null == null",
    // what decides hides the failure of the other side
    "(1 / 0 > 0 || true) && (true || 1 / 0 > 0) && !(false && 1 / 0 > 0) && !(1 / 0 > 0 && false)",
    "true ? true : 1 / 0 > 0",
    "[1, 2, 3].exists(x, 1 / (x - 2) > 5 || x == 3) && ![1, 0].all(x, 1 / x == 0)",
    // macros
    "[1, 2, 3].all(x, x > 0) && ![1, 2].exists(x, x > 2) && [1, 2].exists_one(x, x == 2) && [].all(x, false)",
    "[1, 2, 3].filter(x, x % 2 == 1) == [1, 3] && [1, 2].map(x, x * x) == [1, 4]",
    "[1, 2, 3].map(x, x > 1, x + 1) == [3, 4] && [4, 5].all(i, v, v == i + 4)",
    "{'a': 1, 'b': 2}.all(k, k in ['a', 'b']) && {'a': 1}.exists(k, v, k == 'a' && v == 1)",
    "has({'a': null}.a) && !has({'a': 1}.b) && [[1, 2], [3]].map(x, x.map(y, y + 1)) == [[2, 3], [4]]",
    // lists and maps
    "[1, 2] + [3] == [1, 2, 3] && [1, 2][1] == 2 && 1 in [1, 2] && !(4 in [1]) && 'k' in {'k': 0}",
    "{1: 'x'}[1] == 'x' && {1: 'x'}[1.0] == 'x' && {true: 1}[true] == 1 && {1u: 'x'}[1] == 'x'",
    "size([1, 2]) == 2 && size({'a': 1}) == 1 && 'é'.size() == 1 && size(b'é') == 2 && size('') == 0",
    // strings
    r#"'a' + "b" == 'ab' && '\u00e9' == 'é' && '\x41\101' == 'AA' && r'\n'.size() == 2 && '\U0001F431' == '🐱'"#,
    r#"'''a'b''' == "a'b" && """a"b""" == 'a"b' && "\a\b\f\n\r\t\v\"\'\\".size() == 10 && R"\" == '\\'"#,
    "'abc'.contains('b') && 'abc'.startsWith('ab') && 'abc'.endsWith('bc') && 'abc'.matches('a.c')",
    "matches('xabcx', 'abc') && 'hello'.charAt(1) == 'e' && 'tacocat'.substring(4) == 'cat' && ' x '.trim() == 'x'",
    "'a,b'.split(',') == ['a', 'b'] && ['a', 'b'].join('-') == 'a-b' && ['a'].join() == 'a'",
    "'hello hello'.replace('he', 'we', 1) == 'wello hello' && 'abc'.reverse() == 'cba'",
    "'tacocat'.indexOf('') == 0 && 'tacocat'.lastIndexOf('ac') == 1 && 'tacocat'.lastIndexOf('a', 3) == 1",
    "'tacocat'.indexOf('a', 3) == 5 && 'tacocat'.lastIndexOf('none') == -1 && 'tacocat'.lastIndexOf('') == 7",
    "'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'ab'.split('') == ['a', 'b'] && 'ab'.replace('', '_') == '_a_b_'",
    "'%d %s %.2f %x %X %o %b %e'.format([1, 'a', 1.5, 255, 255, 8, 5, 1234.5]) == '1 a 1.50 ff FF 10 101 1.234500e+03'",
    "'%s'.format([[1, 'a', null, {'b': 2.5}]]) == '[1, a, null, {b: 2.5}]' && '%%'.format([]) == '%'",
    // conversions
    "int('-7') == -7 && int(2.9) == 2 && int(-2.9) == -2 && uint('7') == 7u && double('1.5') == 1.5",
    "string(1.0) == '1' && string(true) == 'true' && string(b'ab') == 'ab' && bool('true') && dyn(1) == 1",
    r"bytes('é') == b'\xc3\xa9' && b'\303\251' == b'é' && bytes('') == b''",
    "type(1u) == uint && type([]) == list && type({}) == map && type(null) == null_type && type(type(1)) == type",
    "type('') == string && type(b'') == bytes && type(1.0) == double && type(true) == bool && type(1) != double",
    "type(duration('1s')) == google.protobuf.Duration && type(now) == google.protobuf.Timestamp",
    // time
    "timestamp('2009-02-13T23:31:30Z').getFullYear() == 2009 && timestamp('2009-02-13T23:31:30Z').getMonth() == 1",
    "timestamp('2009-02-13T23:31:30Z').getDate('Australia/Sydney') == 14",
    "timestamp('2009-02-13T23:31:30Z').getMinutes('Asia/Kathmandu') == 16",
    "timestamp('2009-02-13T23:31:20.123456Z').getMilliseconds() == 123",
    "timestamp('2009-02-13T23:31:30Z').getDayOfWeek() == 5 && timestamp('2009-02-13T23:31:30Z').getHours('-09:30') == 14",
    "timestamp('2009-02-13T23:31:30Z').getDayOfMonth() == 12 && timestamp('2009-02-13T23:31:30Z').getDayOfYear() == 43",
    "timestamp('2009-02-13T23:00:00Z') + duration('240s') == timestamp('2009-02-13T23:04:00Z')",
    "timestamp('2009-02-13T23:31:00Z') - timestamp('2009-02-13T23:29:00Z') == duration('120s')",
    "timestamp(0) == timestamp('1970-01-01T00:00:00Z') && int(timestamp('2009-02-13T23:31:30Z')) == 1234567890",
    "string(duration('1h')) == '3600s' && duration('1h') > duration('59m') && duration('10s') + duration('20s') == duration('30s')",
    "duration('3730s').getHours() == 1 && duration('3730s').getMinutes() == 62 && duration('3730s').getSeconds() == 3730",
    "string(timestamp('2009-02-13T23:31:30Z')) == '2009-02-13T23:31:30Z'",
    // extensions
    "math.greatest(1, 2.5, 2u) == 2.5 && math.least([3, 1]) == 1 && math.ceil(1.2) == 2.0 && math.round(-1.5) == -2.0",
    "math.sign(-2) == -1 && math.abs(-1.5) == 1.5 && math.bitShiftLeft(1, 2) == 4 && math.trunc(-1.9) == -1.0",
    "optional.of(1).orValue(2) == 1 && {'a': {'b': 1}}.?a.?b.value() == 1 && {'a': 1}[?'b'].orValue(3) == 3",
    "[1][?5].hasValue() == false && optional.none().optMap(x, x + 1).orValue(0) == 0 && optional.of(2).optMap(x, x * 2).value() == 4",
    "[?optional.none(), ?optional.of(2)] == [2] && {?'a': optional.none(), 'b': 1} == {'b': 1}",
    "cel.bind(x, 2, x * x) == 4 && sets.contains([1, 2], [2]) && lists.range(3) == [0, 1, 2] && [3, 1].sort() == [1, 3]",
    "[1, [2]].flatten() == [1, 2] && base64.decode('aGVsbG8=') == b'hello' && base64.encode(b'hello') == 'aGVsbG8='",
    "[1, 2].transformMap(i, v, v > 1, v * 10) == {1: 20} && {'a': 1}.transformList(k, v, k) == ['a']",
    "{'a': 'b'}.transformMapEntry(k, v, {v: k}) == {'b': 'a'} && [3, 1, 2].sortBy(x, -x) == [3, 2, 1]",
    "// a comment\n true",
];

/// None of these has a value.
const FAILING: &[&str] = &[
    "1 / 0",
    "1 % 0",
    "9223372036854775807 * 2",
    "-(-9223372036854775808)",
    "0u - 1u",
    "[1][1]",
    "{'a': 1}.b",
    "{1: 2}[3]",
    "int('x')",
    "int(1e30)",
    "uint(-1)",
    "bool('x')",
    "'a' - 'b'",
    "null + 1",
    "1 && true",
    "1 ? 2 : 3",
    "{'a': 1, 'a': 2}",
    "timestamp('x')",
    "duration('x')",
    "'abc'.substring(5)",
    "'abc'.charAt(9)",
    "[1, 'a'].sort()",
    "-true",
    "1.0 % 2.0",
    "x",
    "{[]: 1}",
    "timestamp('9999-12-31T23:59:59Z') + duration('2s')",
    "[1, 2].exists_one(x, x / 0 == 1)",
    "[1].all(x, x / 0 == 1)",
    "'%d'.format(['x'])",
    "Type{a: 1}",
    "a.b.c.",
    "if",
    "1 +",
    "'a",
];

#[test]
fn the_language() {
    for expression in TRUE {
        assert_eq!(eval(expression, &json!({})), Ok(json!(true)), "{expression}");
    }
    for expression in FAILING {
        let value = eval(expression, &json!({}));
        assert!(value.is_err(), "{expression}: {value:?}");
    }
}

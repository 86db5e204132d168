//! The bytes that records and messages are made of.

use onlyonce::guard::codec::{Reader, Writer};
use onlyonce::guard::digest::hex;

#[track_caller]
fn writes(write: impl FnOnce(&mut Writer), expected: &str) {
    let mut writer = Writer::default();
    write(&mut writer);
    assert_eq!(hex(&writer.0), expected);
}

#[test]
fn values_are_pinned() {
    writes(|w| w.byte(0xab), "ab");
    writes(|w| w.short(1), "00000001");
    writes(|w| w.number(0x0102_0304_0506_0708), "0102030405060708");
    writes(|w| w.text(""), "0000000000000000");
    writes(|w| w.text("aü"), "000000000000000361c3bc");
    writes(|w| w.list(&[1_u8, 2], |value, w| w.byte(*value)), "00000000000000020102");
    writes(|w| w.optional(None::<&u8>, |value, w| w.byte(*value)), "00");
    writes(|w| w.optional(Some(&7_u8), |value, w| w.byte(*value)), "0107");
}

#[test]
fn what_was_written_is_read() {
    let mut writer = Writer::default();
    writer.byte(255);
    writer.short(u32::MAX);
    writer.number(u64::MAX);
    writer.text("aü\0");
    writer.list(&["a", ""], |text, writer| writer.text(text));
    writer.optional(Some(&5_u64), |value, writer| writer.number(*value));
    let mut reader = Reader(&writer.0);
    assert_eq!(reader.byte(), Some(255));
    assert_eq!(reader.short(), Some(u32::MAX));
    assert_eq!(reader.number(), Some(u64::MAX));
    assert_eq!(reader.text().as_deref(), Some("aü\0"));
    assert_eq!(reader.list(Reader::text), Some(vec!["a".into(), String::new()]));
    assert_eq!(reader.optional(Reader::number), Some(Some(5)));
    assert_eq!(reader.end(()), Some(()));
}

#[test]
fn bytes_that_are_missing_are_nothing() {
    assert_eq!(Reader(&[]).byte(), None);
    assert_eq!(Reader(&[0; 3]).short(), None);
    assert_eq!(Reader(&[0; 7]).number(), None);
    assert_eq!(Reader(&[1]).bytes(2), None);
    assert_eq!(Reader(&[0, 0, 0, 0, 0, 0, 0, 2, b'a']).text(), None);
    assert_eq!(Reader(&[0, 0, 0, 0, 0, 0, 0, 2, 1]).list(Reader::byte), None);
    assert_eq!(Reader(&[1]).optional(Reader::byte), None);
    assert_eq!(Reader(&[]).flag(), None);
}

/// One value, one raw_key: what two different messages say is different.
#[test]
fn flags_are_nothing_but_0_and_1() {
    assert_eq!(Reader(&[0]).flag(), Some(false));
    assert_eq!(Reader(&[1]).flag(), Some(true));
    for byte in 2..=u8::MAX {
        assert_eq!(Reader(&[byte]).flag(), None, "{byte}");
        assert_eq!(Reader(&[byte, 0]).optional(Reader::byte), None, "{byte}");
    }
}

#[test]
fn bytes_that_mean_nothing_are_nothing() {
    assert_eq!(Reader(&[0, 0, 0, 0, 0, 0, 0, 1, 0xff]).text(), None);
    assert_eq!(Reader(&[0]).end(()), None);
}

/// Neither memory nor time may be spent on a count that the input cannot fill.
#[test]
fn counts_that_lie() {
    let lie = [0xff; 16];
    assert_eq!(Reader(&lie).text(), None);
    assert_eq!(Reader(&lie).list(Reader::byte), None);
    assert_eq!(Reader(&lie).list(|reader| reader.list(Reader::text)), None);
}

use super::ABSENT;

/// Falco nests two levels deep; anything near this is not Falco's.
const MAX_DEPTH: usize = 64;

/// Why a text is not JSON: what was expected, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct JsonSyntax {
    pub(super) expected: &'static str,
    pub(super) position: usize,
}

type Result<T> = std::result::Result<T, JsonSyntax>;

/// Reads a JSON text value by value, with numbers digit for digit: Falco's fields hold integers of 64 bits, and more.
pub(super) struct JsonReader<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
}

impl<'a> JsonReader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0, depth: 0 }
    }

    /// Calls `member` for each member of the object that comes next; `member` must read the value.
    pub(super) fn object<E: From<JsonSyntax>>(
        &mut self,
        mut member: impl FnMut(&mut Self, String) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.enter(b'{', "an object")?;
        if !self.take(b'}') {
            loop {
                let key = self.string()?;
                if !self.take(b':') {
                    return Err(self.expected("\":\"").into());
                }
                member(self, key)?;
                if !self.take(b',') {
                    break;
                }
            }
            if !self.take(b'}') {
                return Err(self.expected("\",\" or \"}\"").into());
            }
        }
        self.depth -= 1;
        Ok(())
    }

    pub(super) fn array(&mut self, mut element: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.enter(b'[', "an array")?;
        if !self.take(b']') {
            loop {
                element(self)?;
                if !self.take(b',') {
                    break;
                }
            }
            if !self.take(b']') {
                return Err(self.expected("\",\" or \"]\""));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    pub(super) fn string(&mut self) -> Result<String> {
        if !self.take(b'"') {
            return Err(self.expected("a string"));
        }
        let mut value = String::new();
        loop {
            let plain =
                self.rest().iter().take_while(|&&byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
            value.push_str(&self.text[self.position..self.position + plain]);
            self.position += plain;
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(value);
                }
                Some(b'\\') => {
                    let character = self.escape()?;
                    value.push(character);
                }
                _ => return Err(self.expected("a closing quote (\") and no raw control character")),
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        let short = match self.rest().get(1) {
            Some(b'u') => return self.unicode_escape(),
            Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return Err(self.expected("a valid escape")),
        };
        self.position += 2;
        Ok(short)
    }

    /// Half a surrogate pair has no UTF-8, and is replaced.
    fn unicode_escape(&mut self) -> Result<char> {
        let Some(unit) = self.utf16_unit() else {
            return Err(self.expected("a valid escape"));
        };
        self.position += 6;
        if matches!(unit, 0xD800..=0xDBFF)
            && let Some(low @ 0xDC00..=0xDFFF) = self.utf16_unit()
        {
            self.position += 6;
            let pair = 0x10000 + (u32::from(unit - 0xD800) << 10) + u32::from(low - 0xDC00);
            return Ok(char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Ok(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// That of a `\uXXXX` that comes next.
    fn utf16_unit(&self) -> Option<u16> {
        let digits = self.rest().strip_prefix(b"\\u")?.get(..4)?;
        digits.iter().try_fold(0, |unit, &digit| {
            Some(unit << 4 | u16::try_from(char::from(digit).to_digit(16)?).ok()?)
        })
    }

    /// Reads a null if one comes next, and returns whether it did.
    pub(super) fn null(&mut self) -> bool {
        self.take_word("null")
    }

    /// Any value as the text that Falco's gRPC API has for it: a string as it is, null as `<NA>`, numbers and booleans
    /// digit for digit, an array as `(a,b)`. An object, which Falco does not write, stays the JSON text that it is.
    pub(super) fn field_text(&mut self) -> Result<String> {
        self.skip_space();
        let start = self.position;
        match self.peek() {
            Some(b'"') => return self.string(),
            Some(b'[') => {
                let mut items = Vec::new();
                self.array(|reader| {
                    items.push(reader.field_text()?);
                    Ok(())
                })?;
                return Ok(format!("({})", items.join(",")));
            }
            Some(b'{') => self.skip()?,
            _ if self.null() => return Ok(ABSENT.into()),
            _ if self.take_word("true") || self.take_word("false") => {}
            _ => self.number()?,
        }
        Ok(self.text[start..self.position].into())
    }

    /// Skips a value.
    pub(super) fn skip(&mut self) -> Result<()> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(|reader, _| reader.skip()),
            Some(b'[') => self.array(Self::skip),
            _ => self.field_text().map(drop),
        }
    }

    /// Nothing but white space may be left.
    pub(super) fn end(&mut self) -> Result<()> {
        self.skip_space();
        if self.rest().is_empty() { Ok(()) } else { Err(self.expected("nothing more")) }
    }

    fn number(&mut self) -> Result<()> {
        let start = self.position;
        let refused = JsonSyntax { expected: "a value", position: start };
        self.take_byte(|byte| byte == b'-');
        if !self.take_byte(|byte| byte == b'0') && self.take_digits() == 0 {
            return Err(refused);
        }
        if self.take_byte(|byte| byte == b'.') && self.take_digits() == 0 {
            return Err(refused);
        }
        if self.take_byte(|byte| matches!(byte, b'e' | b'E')) {
            self.take_byte(|byte| matches!(byte, b'+' | b'-'));
            if self.take_digits() == 0 {
                return Err(refused);
            }
        }
        Ok(())
    }

    fn take_digits(&mut self) -> usize {
        let start = self.position;
        while self.take_byte(|byte| byte.is_ascii_digit()) {}
        self.position - start
    }

    fn take_byte(&mut self, is_wanted: impl Fn(u8) -> bool) -> bool {
        let comes = self.peek().is_some_and(is_wanted);
        self.position += usize::from(comes);
        comes
    }

    fn enter(&mut self, bracket: u8, what: &'static str) -> Result<()> {
        if !self.take(bracket) {
            return Err(self.expected(what));
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(self.expected("at most 64 nested levels")) } else { Ok(()) }
    }

    fn take(&mut self, character: u8) -> bool {
        self.skip_space();
        self.take_byte(|byte| byte == character)
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let comes = self.rest().starts_with(word.as_bytes());
        self.position += if comes { word.len() } else { 0 };
        comes
    }

    fn skip_space(&mut self) {
        while self.take_byte(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {}
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.position..]
    }

    fn expected(&self, expected: &'static str) -> JsonSyntax {
        JsonSyntax { expected, position: self.position }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> Result<String> {
        let mut reader = JsonReader::new(text);
        let value = reader.field_text()?;
        reader.end()?;
        Ok(value)
    }

    #[test]
    fn an_object_among_the_fields_stays_json() {
        assert_eq!(field(r#" {"a": [1.50, {"b":null}]} "#).unwrap(), r#"{"a": [1.50, {"b":null}]}"#);
    }

    #[test]
    fn nests_no_deeper_than_64_levels() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(field(&nested(64)).is_ok());
        assert_eq!(field(&nested(65)).unwrap_err().expected, "at most 64 nested levels");
    }

    #[test]
    fn says_where_it_stopped() {
        assert_eq!(field("[1,,]"), Err(JsonSyntax { expected: "a value", position: 3 }));
        assert_eq!(
            field("\"é\u{1}\""),
            Err(JsonSyntax { expected: "a closing quote (\") and no raw control character", position: 3 })
        );
    }

    #[test]
    fn surrogates_pair_up_or_are_replaced() {
        for (text, value) in [
            (r#""\ud83e\udd85""#, "🦅"),
            (r#""\ud83e""#, "\u{FFFD}"),
            (r#""\udd85\ud83e""#, "\u{FFFD}\u{FFFD}"),
            (r#""\ud83e\ud83e\udd85""#, "\u{FFFD}🦅"),
            (r#""\ud83e\n""#, "\u{FFFD}\n"),
        ] {
            assert_eq!(field(text).unwrap(), value);
        }
        for text in [r#""\u12""#, r#""\u+123""#, r#""\ud83e\u12""#, r#""\x41""#, r#""\"#] {
            assert!(field(text).is_err(), "{text}");
        }
    }
}

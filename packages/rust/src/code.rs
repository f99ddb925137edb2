use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal $text:literal,)*) => {
        /// A [gRPC status code](https://grpc.io/docs/guides/status-codes/).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name = $number,)*
        }

        impl Code {
            /// The code's gRPC name, e.g. `UNAVAILABLE`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// `Unknown` for a number that is not a code.
            pub(crate) fn from_number(number: i32) -> Self {
                match number { $($number => Self::$name,)* _ => Self::Unknown }
            }
        }
    };
}

codes! {
    /// Success; no error has it.
    Ok = 0 "OK",
    /// The call was cancelled.
    Cancelled = 1 "CANCELLED",
    /// An error of an unknown kind.
    Unknown = 2 "UNKNOWN",
    /// The request or an option is invalid.
    InvalidArgument = 3 "INVALID_ARGUMENT",
    /// The call's deadline passed.
    DeadlineExceeded = 4 "DEADLINE_EXCEEDED",
    /// What was asked for does not exist.
    NotFound = 5 "NOT_FOUND",
    /// What was to be created already exists.
    AlreadyExists = 6 "ALREADY_EXISTS",
    /// Not allowed, e.g. by the mode of the unix socket.
    PermissionDenied = 7 "PERMISSION_DENIED",
    /// A limit was reached: the stream was read too slowly, or a message is larger than `max_message_bytes`.
    ResourceExhausted = 8 "RESOURCE_EXHAUSTED",
    /// Not possible now, e.g. because the group's members have another filter.
    FailedPrecondition = 9 "FAILED_PRECONDITION",
    /// The server ended the stream, e.g. because no acknowledgement came in time.
    Aborted = 10 "ABORTED",
    /// Outside of a range.
    OutOfRange = 11 "OUT_OF_RANGE",
    /// The server cannot do it, e.g. because it is Falco's own.
    Unimplemented = 12 "UNIMPLEMENTED",
    /// Something is broken, e.g. a message cannot be decoded.
    Internal = 13 "INTERNAL",
    /// There is no connection, or the server cannot answer now.
    Unavailable = 14 "UNAVAILABLE",
    /// Data was lost.
    DataLoss = 15 "DATA_LOSS",
    /// The server does not know who is calling.
    Unauthenticated = 16 "UNAUTHENTICATED",
}

impl From<Code> for i32 {
    fn from(code: Code) -> Self {
        code as i32
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

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

            /// A number that is no code is unknown.
            pub(crate) fn from_number(number: i32) -> Self {
                match number { $($number => Self::$name,)* _ => Self::Unknown }
            }
        }
    };
}

codes! {
    /// Never an error's.
    Ok = 0 "OK",
    /// The call was cancelled.
    Cancelled = 1 "CANCELLED",
    /// Nobody knows more.
    Unknown = 2 "UNKNOWN",
    /// What was asked for makes no sense.
    InvalidArgument = 3 "INVALID_ARGUMENT",
    /// The call's deadline passed.
    DeadlineExceeded = 4 "DEADLINE_EXCEEDED",
    /// There is no such thing.
    NotFound = 5 "NOT_FOUND",
    /// There is such a thing already.
    AlreadyExists = 6 "ALREADY_EXISTS",
    /// Not allowed, e.g. by the mode of the unix socket.
    PermissionDenied = 7 "PERMISSION_DENIED",
    /// A bound was reached; e.g. the stream was read too slowly.
    ResourceExhausted = 8 "RESOURCE_EXHAUSTED",
    /// Not now, e.g. because the group's members have another filter.
    FailedPrecondition = 9 "FAILED_PRECONDITION",
    /// The server ended the stream, e.g. because no acknowledgement came in time.
    Aborted = 10 "ABORTED",
    /// Beyond a range; also a message above 4 MiB.
    OutOfRange = 11 "OUT_OF_RANGE",
    /// The server cannot do it, e.g. because it is Falco's own.
    Unimplemented = 12 "UNIMPLEMENTED",
    /// Something is broken.
    Internal = 13 "INTERNAL",
    /// There is no connection, or the server cannot answer just now.
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

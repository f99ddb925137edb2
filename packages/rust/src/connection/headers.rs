use std::str::FromStr;

use tonic::metadata::{Ascii, MetadataKey, MetadataMap, MetadataValue};

use crate::error::Error;

/// Headers to send along, as they were given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.into(), value.into()));
    }

    pub(crate) fn metadata(&self) -> Result<MetadataMap, Error> {
        let mut metadata = MetadataMap::new();
        for (name, value) in &self.0 {
            let key = MetadataKey::<Ascii>::from_str(&name.to_lowercase()).map_err(|error| {
                Error::invalid(format!("header: {name:?}, expected a name that is not \"-bin\""))
                    .caused_by(error)
            })?;
            let value = MetadataValue::<Ascii>::from_str(value).map_err(|error| {
                // Without the value, which may be a secret.
                Error::invalid(format!("header {name}: expected a value of visible ASCII")).caused_by(error)
            })?;
            metadata.append(key, value);
        }
        Ok(metadata)
    }
}

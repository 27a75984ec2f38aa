//! A certificate: refused, or read; what is sealed anew is whole.
#![no_main]

use holdout_store::certificate::CertificateFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok((file, text)) = CertificateFile::read(&holdout_fuzz::file("certificate.json", data)) {
        file.is_whole(&text);
        let (sealed, text) = file.sealed().expect("what was read can be written");
        assert!(sealed.is_whole(&text));
    }
});

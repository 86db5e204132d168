//! What is stored of an answer, as the policy has it ([`crate::guard::keeping`]): less than came, sealed, in the
//! record itself or in rows.

use super::super::super::platform::{log, web_crypto};
use super::super::origin_request::OriginRequest;
use super::super::record_store::{BodyRows, ROW_BYTES};
use super::OriginResponse;
use crate::guard::public_address::without_asker;
use crate::guard::record::{Answer, AnswerSource, Body, Claim, INLINE_LIMIT, LeftOut};
use crate::guard::replay::kept_headers;
use crate::guard::seal;
use js_sys::Uint8Array;

impl OriginResponse {
    /// What is to be stored of the answer.
    ///
    /// Sealing is awaited between the answer and its storing. All that may come in between may also come
    /// before the answer's last byte: the deadline, an operator, the end of the instance. So nothing has been
    /// decided by then: `store` has the rules decide on the record as it is afterwards, in the turn in which
    /// it is written, and nobody has been shown anything of the answer but the reader of a stream. That
    /// rules out a record that an operator resolved, or a later claim, and that an older decision overwrites
    /// (tests/model: `DecidedBeforeSealing`).
    pub(super) async fn kept(&self, body: Body) -> Answer {
        let (answer, keeping) = (self.answer(body), &self.request.settings.keeping);
        match keeping.seal {
            true => self.sealed(keeping.kept(answer)).await,
            false => self.in_rows(keeping.kept(answer)),
        }
    }

    /// What cannot be sealed is not kept.
    async fn sealed(&self, answer: Answer) -> Answer {
        let OriginRequest { record, claim, seal_key, .. } = &self.request;
        let (Some(key), Body::Inline { bytes }) = (seal_key, &answer.body) else {
            return answer.without_content();
        };
        let bound = seal::associated_data(record, &claim.id, answer.status);
        let plaintext = seal::plaintext(&answer.headers, bytes);
        match web_crypto::seal(key, &bound, &plaintext).await {
            Ok(bytes) => {
                let body = Body::Inline { bytes };
                self.in_rows(Answer { headers: Vec::new(), body, sealed: true, ..answer })
            }
            Err(_) => {
                log::warning("onlyonce: an answer could not be sealed, and is not kept");
                answer.without_content()
            }
        }
    }

    /// The same answer, with a body that is too large for the record in rows.
    fn in_rows(&self, answer: Answer) -> Answer {
        let Body::Inline { bytes } = &answer.body else { return answer };
        if bytes.len() <= INLINE_LIMIT {
            return answer;
        }
        let Claim { id, attempt, .. } = self.request.claim;
        let name = BodyRows { claim: id, attempt };
        let mut rows = 0_u32;
        for row in bytes.chunks(ROW_BYTES as usize) {
            if self.context.store.put_row(&name, rows, &Uint8Array::from(row)).is_err() {
                return answer.without_content();
            }
            rows = rows.saturating_add(1);
        }
        let length = bytes.len() as u64;
        Answer { body: Body::Rows { attempt, rows, length }, ..answer }
    }

    pub(super) fn answer(&self, body: Body) -> Answer {
        let replay_set_cookie = self.request.settings.replay_set_cookie;
        let mut headers = kept_headers(self.head.headers_as_text(), replay_set_cookie);
        without_asker(&mut headers, &self.request.public_base);
        Answer {
            status: self.head.status,
            headers,
            answered_at: self.answered_at,
            origin_time: self.origin_time,
            body,
            source: AnswerSource::Origin,
            left_out: LeftOut::Nothing,
            sealed: false,
        }
    }
}

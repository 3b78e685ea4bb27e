#pragma once

#include "core/dns/message_writer.h"

namespace hitless::dns {

/// What an upstream's reply is worth as the end of a chain of CNAMEs.
struct Splice {
  bool usable = false;  ///< Whole and well-formed, with NOERROR or NXDOMAIN.
  Rcode rcode = Rcode::kServFail;
  bool truncated = false;
};
Splice inspect(ByteView reply);

/// Copies the reply's answer and authority records behind those that the writer has, with their
/// names written out: pointers of one message mean nothing in another. The reply must be usable().
/// False if not all answers fit.
bool splice(ByteView reply, MessageWriter& writer);

}  // namespace hitless::dns

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/conntrack/flow.h"

/// TCP segments as bytes, from the network header on.
namespace hitless::departed {

using Bytes = std::vector<std::uint8_t>;

/// Who wants to connect where, if `packet` is a whole SYN without fragments.
std::optional<conntrack::Tuple> parseSyn(std::span<const std::uint8_t> packet);

/// Writes the checksum of the TCP header: what a card would have done to a packet that was caught
/// before it got there. `packet` is one that parseSyn() read.
void sumUp(std::span<std::uint8_t> packet);

/// A segment to the client of a connection, as if from whom it dialled, that lies outside its
/// window. RFC 9293 3.10.7.4: the client answers with an ACK of its true numbers, and to that a
/// reset can be sent that it believes (RFC 5961). With a byte of data, because Linux limits how
/// often it answers those without.
Bytes askForNumbers(const conntrack::Tuple& original, std::uint32_t sequence);

}  // namespace hitless::departed

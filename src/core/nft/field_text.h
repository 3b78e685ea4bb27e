#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/nft/ruleset.h"

/// How nft spells values; shared by the renderers of rules and sets.
namespace hitless::nft::text {

/// ` comment "..."`, or nothing.
std::string quotedComment(const std::string& comment);
std::string verdict(const Verdict& verdict);
std::uint32_t hostNumber(std::span<const std::uint8_t> bytes);
/// `family` is AF_INET or AF_INET6; missing bytes read as 0.
std::string address(int family, std::span<const std::uint8_t> bytes);
/// "10.96.0.1 . tcp . 80"
std::string datum(const std::vector<FieldType>& fields, const Datum& datum);
/// "10.0.0.0/8", or "80-90" of what is no network; of a single key the key.
std::string interval(const std::vector<FieldType>& fields, const Datum& first, const Datum& last);
/// "ipv4_addr . inet_proto"
std::string types(const std::vector<FieldType>& fields);

/// "th dport"; of what has no name the place, "@th,32,16".
std::string headerField(PayloadBase base, std::uint32_t offset, std::uint32_t length);
/// Quoted; a name that is compared without its NUL is a prefix.
std::string interface(std::span<const std::uint8_t> bytes);
/// Of a connection, by number, as nft writes those for which connlabel.conf has no name.
std::string labels(const Datum& bits);

}  // namespace hitless::nft::text

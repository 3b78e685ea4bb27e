#pragma once

#include "core/netlink/message.h"
#include "core/nft/expr.h"
#include "core/nft/ruleset.h"

/// Expressions, verdicts and user data as nf_tables attributes (linux/netfilter/nf_tables.h).
namespace hitless::nft {

/// The attributes of NFTA_RULE_EXPRESSIONS.
void encodeExprs(netlink::Writer& writer, const std::vector<Expr>& exprs);
/// What we do not know becomes Foreign.
std::vector<Expr> decodeExprs(const netlink::Attributes& list);

/// NFTA_DATA_VERDICT inside an open data attribute.
void encodeVerdict(netlink::Writer& writer, const Verdict& verdict);
std::optional<Verdict> decodeVerdict(const netlink::Attributes& data);

/// A comment in the type-length-value form that nft shares between its objects.
void encodeComment(netlink::Writer& writer, std::uint16_t attribute, std::uint8_t tag,
                   const std::string& comment);
std::string decodeComment(netlink::ByteView userdata, std::uint8_t tag);

/// The tags of comments in user data (libnftnl's udata.h is the only definition).
inline constexpr std::uint8_t kCommentTag = 0;     ///< Tables, chains, rules, elements.
inline constexpr std::uint8_t kSetCommentTag = 7;  ///< Sets.

}  // namespace hitless::nft

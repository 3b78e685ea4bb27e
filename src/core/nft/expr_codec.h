#pragma once

#include "core/netlink/message.h"
#include "core/nft/expr.h"
#include "core/nft/ruleset.h"

/// Expressions and verdicts as nf_tables attributes (linux/netfilter/nf_tables.h).
namespace hitless::nft {

/// The attributes of NFTA_RULE_EXPRESSIONS.
void encodeExprs(netlink::Writer& writer, const std::vector<Expr>& exprs);
/// What we do not know becomes Foreign.
std::vector<Expr> decodeExprs(const netlink::Attributes& list);

/// NFTA_DATA_VERDICT inside an open data attribute.
void encodeVerdict(netlink::Writer& writer, const Verdict& verdict);
std::optional<Verdict> decodeVerdict(const netlink::Attributes& data);

}  // namespace hitless::nft

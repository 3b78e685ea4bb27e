#pragma once

#include <string>

#include "core/nft/foreign/raw_rule.h"

/// Rules of nf_tables in iptables' words: what iptables-nft 1.8 writes reads as iptables-nft-save
/// prints it. The rest is `-m nft --expr "..."`, so that nobody takes it for something else.
namespace hitless::nft {

/// Behind "-A CHAIN ", as iptables-save of the rule's family (ip or ip6) has it. Any bytes give
/// some text.
std::string ruleText(const RawRule& rule);

}  // namespace hitless::nft

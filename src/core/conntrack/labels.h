#pragma once

/// What our packet rules note on connections, as numbers of connection tracking's labels. The last
/// four of 128: people number theirs from 0 on.
namespace hitless::conntrack {

/// NetworkPolicies allow it: its packets pass until the label is taken from it.
inline constexpr unsigned kJudgedLabel = 124;
/// Led to the pod that has the departed one's name now.
inline constexpr unsigned kForwardedLabel = 125;
/// Translated by another node to a pod of this one that goes, and led to another endpoint here.
inline constexpr unsigned kSecondChanceLabel = 126;
/// Led to another pod by the node of the pod that it is addressed to: that this pod is gone does
/// not end it.
inline constexpr unsigned kLedElsewhereLabel = 127;

}  // namespace hitless::conntrack

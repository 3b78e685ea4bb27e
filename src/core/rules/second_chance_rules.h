#pragma once

#include "core/departed/directions.h"
#include "core/nft/ruleset.h"
#include "core/nft/transaction.h"
#include "core/rules/departed_table.h"
#include "core/rules/match.h"

/// The part of the table for the addresses of pods that go that gives connections a second chance
/// (docs/decisions/0011-second-chance.md). Two kinds of packets carry a sign in the urgent pointer,
/// which means nothing without the flag URG (RFC 9293 3.1):
///
/// - a SYN from the node that has translated it to a pod's address, so that the pod's node can tell
///   it from one to the pod itself;
/// - its SYN-ACK, if the pod's node has led the connection elsewhere, so that the client's node
/// does
///   not end it when it hears that the pod is gone.
///
/// The node that reads a sign takes it off, so nothing is led elsewhere twice and no pod sees one.
namespace hitless::rules::second_chance {

/// The maps, and what they hold.
void addMaps(nft::Ruleset& out, const departed::Directions& directions,
             const DepartedTableOptions& options);
/// Makes a transaction that turns `present` into `wanted` begin the elements' time anew, too: those
/// that it leaves as they are.
void renew(nft::Transaction& transaction, const nft::Ruleset& present, const nft::Ruleset& wanted);
void readMaps(const nft::Ruleset& table, departed::Directions& directions);

/// Of the NAT chain for packets that come to the node, before any other rule.
std::vector<nft::Rule> redirections(const DepartedTableOptions& options);
/// Of the NAT chain for packets that leave the node, before any other rule.
std::vector<nft::Rule> returnPaths();
/// Notes on a connection that its pod's successor has it.
Exprs noteForwarded();

/// The chain in which signs are put on and taken off, and the jump to it.
void addSigns(nft::Ruleset& out, const DepartedTableOptions& options);
nft::Rule toSigns();
/// Of the chain for what reaches the node's own processes.
nft::Rule readSign(const DepartedTableOptions& options);
/// Only connections that nobody has led elsewhere go on.
Exprs notLedElsewhere();

}  // namespace hitless::rules::second_chance

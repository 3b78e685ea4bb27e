#include "sys/doctor/nft_reader.h"

#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cerrno>

#include "core/nft/foreign/save_text.h"

namespace hitless::sys {
namespace {

/// More than one sample's worth of other people's transactions.
constexpr std::size_t kNewsBuffer = std::size_t{16} << 20;
constexpr int kChainReads = 3;

std::uint8_t protocolOf(IpFamily family) {
  return family == IpFamily::kV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

/// Takes one datagram of a dump; true when the dump has ended.
Result<bool> takeDatagram(netlink::ByteView datagram, std::size_t limit, WhenInterrupted when,
                          RuleHead& head) {
  for (const netlink::Message& message : netlink::parseMessages(datagram)) {
    head.interrupted = head.interrupted || (message.flags & NLM_F_DUMP_INTR) != 0;
    if (head.interrupted && when == WhenInterrupted::kStop) {
      return true;
    }
    if (message.type == NLMSG_DONE) {
      head.whole = true;
      return true;
    }
    if (const auto ack = netlink::parseAck(message)) {
      return tl::unexpected(netlinkError("read the rules of a chain", *ack));
    }
    if (head.rules.size() == limit) {
      return true;
    }
    if (auto rule = nft::rawRuleOf(message)) {
      head.rules.push_back(std::move(*rule));
    }
  }
  return false;
}

Status collectNews(NetlinkSocket& socket, nft::ChangeTally& tally) {
  for (;;) {
    const auto datagram = socket.receiveNow("read changes of the packet rules");
    if (!datagram) {
      if (datagram.error().osError != ENOBUFS) {
        return tl::unexpected(datagram.error());
      }
      tally.lose();
      continue;
    }
    if (datagram->empty()) {
      return {};
    }
    for (const netlink::Message& message : netlink::parseMessages(*datagram)) {
      tally.add(message);
    }
  }
}

}  // namespace

Result<std::vector<nft::ForeignChain>> readNftChains(NetlinkSocket& socket, std::uint8_t family) {
  for (int attempt = 1;; ++attempt) {
    std::vector<nft::ForeignChain> chains;
    const Status status =
        socket.dump(nft::encodeChainDump(family, socket.nextSequence()),
                    "read the chains of nf_tables", [&](const netlink::Message& message) {
                      if (auto chain = nft::foreignChainOf(message)) {
                        chains.push_back(std::move(*chain));
                      }
                      return Status{};
                    });
    // Under a writer that does not stop, a mixture of two moments tells enough.
    if (status || (status.error().osError == EINTR && attempt == kChainReads)) {
      return chains;
    }
    if (status.error().osError != EINTR) {
      return tl::unexpected(status.error());
    }
  }
}

Result<std::string> nftChains() {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  std::vector<doctor::NftChain> chains;
  for (nft::ForeignChain& chain : TRY(readNftChains(socket, NFPROTO_UNSPEC))) {
    chains.push_back(std::move(chain.chain));
  }
  return doctor::renderNftChains(chains);
}

Result<nft::Generation> readNftGeneration(NetlinkSocket& socket) {
  nft::Generation generation;
  TRY_VOID(socket.request(nft::encodeGenerationGet(socket.nextSequence()),
                          "ask for the generation of the packet rules",
                          [&](const netlink::Message& message) {
                            generation = nft::generationOf(message).value_or(generation);
                            return Status{};
                          }));
  return generation;
}

Result<RuleHead> readRuleHead(const nft::ChainPlace& place, std::size_t limit,
                              WhenInterrupted when) {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  RuleHead head;
  TRY_VOID(
      socket.send(nft::encodeRuleDump(place, socket.nextSequence()), "read the rules of a chain"));
  for (;;) {
    const netlink::ByteView datagram = TRY(socket.receive("read the rules of a chain"));
    if (TRY(takeDatagram(datagram, limit, when, head))) {
      return head;
    }
  }
}

namespace {

/// Chains whose size alone is a finding are read first: their beginnings must be there.
constexpr std::uint32_t kLarge = 5'000;

Status addChain(const nft::SaveText::Chain& chain, const NftReadLimit& limit, std::size_t& left,
                nft::SaveText& text) {
  if (left == 0) {
    text.skip(chain.place);
    return {};
  }
  auto head = readRuleHead(chain.place, std::min(left, limit.perChain));
  if (!head) {
    // The chain has gone since the dump of chains.
    return head.error().osError == ENOENT ? Status{} : tl::unexpected(std::move(head).error());
  }
  left -= head->rules.size();
  text.add(chain.place, head->rules, head->whole, head->interrupted);
  return {};
}

}  // namespace

Result<std::string> nftRules(IpFamily family, const NftReadLimit& limit) {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  const auto chains = TRY(readNftChains(socket, protocolOf(family)));
  nft::SaveText text(protocolOf(family), chains);
  std::size_t left = limit.total;
  for (const bool large : {true, false}) {
    for (const nft::SaveText::Chain& chain : text.chains()) {
      if (chain.use > 0 && (chain.use >= kLarge) == large) {
        TRY_VOID(addChain(chain, limit, left, text));
      }
    }
  }
  return text.take();
}

namespace {

Result<std::string> usualRules(IpFamily family) {
  std::string text = TRY(nftRules(family));
  if (text.empty()) {
    return fail(ErrorKind::kNotFound, "iptables-nft has no tables");
  }
  return text;
}

}  // namespace

Result<std::string> nftRules4() {
  return usualRules(IpFamily::kV4);
}

Result<std::string> nftRules6() {
  return usualRules(IpFamily::kV6);
}

Result<NftChangeRecorder> NftChangeRecorder::start() {
  NetlinkSocket news = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  news.reserveReceive(kNewsBuffer);
  TRY_VOID(news.join(NFNLGRP_NFTABLES));
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  const nft::Generation generation = TRY(readNftGeneration(socket));
  return NftChangeRecorder(std::move(news), generation.id);
}

Result<std::string> NftChangeRecorder::finish() {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  const nft::Generation generation = TRY(readNftGeneration(socket));
  nft::ChangeTally tally;
  TRY_VOID(collectNews(socket_, tally));
  doctor::NftChanges changes = tally.changes();
  changes.firstGeneration = firstGeneration_;
  changes.lastGeneration = generation.id;
  return doctor::renderNftChanges(changes);
}

Result<std::unique_ptr<Recording>> recordNftChanges() {
  return std::make_unique<NftChangeRecorder>(TRY(NftChangeRecorder::start()));
}

}  // namespace hitless::sys

#include "core/nft/batcher.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstring>
#include <utility>

namespace hitless::nft {
namespace {

constexpr std::size_t kBatchOverhead = 64;

}  // namespace

void Batcher::add(const Group& group, std::size_t operation) {
  const bool full =
      open_ && current_.bytes.size() + group.bytes.size() + kBatchOverhead > maxBytes_;
  if (full) {
    close();
  }
  if (!open_) {
    begin();
  }
  number(group);
  current_.operationOf.insert(current_.operationOf.end(), group.messages, operation);
}

std::vector<Batch> Batcher::finish() {
  if (open_) {
    close();
  }
  return std::move(done_);
}

void Batcher::mark(std::uint16_t type) {
  netlink::Writer writer(current_.bytes);
  writer.begin(type, NLM_F_REQUEST, sequence_++);
  writer.header(nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)});
  writer.end();
}

void Batcher::begin() {
  current_ = {};
  current_.beginSequence = sequence_;
  mark(NFNL_MSG_BATCH_BEGIN);
  open_ = true;
}

/// Copies the group and gives each of its messages the next sequence number.
void Batcher::number(const Group& group) {
  std::size_t at = current_.bytes.size();
  current_.bytes.insert(current_.bytes.end(), group.bytes.begin(), group.bytes.end());
  for (std::size_t i = 0; i < group.messages; ++i) {
    nlmsghdr head;
    std::memcpy(&head, current_.bytes.data() + at, sizeof head);
    head.nlmsg_seq = sequence_++;
    std::memcpy(current_.bytes.data() + at, &head, sizeof head);
    lastMessage_ = at;
    at += NLMSG_ALIGN(head.nlmsg_len);
  }
}

void Batcher::close() {
  nlmsghdr head;
  std::memcpy(&head, current_.bytes.data() + lastMessage_, sizeof head);
  head.nlmsg_flags = static_cast<std::uint16_t>(head.nlmsg_flags | NLM_F_ACK);
  std::memcpy(current_.bytes.data() + lastMessage_, &head, sizeof head);
  current_.lastSequence = head.nlmsg_seq;
  mark(NFNL_MSG_BATCH_END);
  done_.push_back(std::move(current_));
  open_ = false;
}

}  // namespace hitless::nft

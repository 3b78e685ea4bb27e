#pragma once

#include <cstdint>
#include <vector>

#include "core/nft/encode.h"

namespace hitless::nft {

/// Messages that must stay in one batch, without sequence numbers yet.
struct Group {
  netlink::Bytes bytes;
  std::size_t messages = 0;
};

/// Collects groups into batches and numbers their messages.
class Batcher {
 public:
  Batcher(std::uint32_t sequence, std::size_t maxBytes)
      : sequence_(sequence), maxBytes_(maxBytes) {}

  /// `operation` is the one that the group's messages belong to.
  void add(const Group& group, std::size_t operation);
  std::vector<Batch> finish();

 private:
  void mark(std::uint16_t type);
  void begin();
  void number(const Group& group);
  void close();

  std::uint32_t sequence_;
  std::size_t maxBytes_;
  bool open_ = false;
  std::size_t lastMessage_ = 0;
  Batch current_;
  std::vector<Batch> done_;
};

}  // namespace hitless::nft

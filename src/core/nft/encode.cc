#include "core/nft/encode.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <array>

#include "core/nft/batcher.h"
#include "core/nft/expr_codec.h"
#include "core/nft/interval.h"
#include "core/nft/user_data.h"
#include "core/nft/wire.h"

namespace hitless::nft {
namespace {

using netlink::Bytes;
using netlink::Writer;

/// How much of an element list goes into one message: an attribute holds at most 65531 bytes, and
/// one element with comment takes less than 400.
constexpr std::size_t kElementBytesPerMessage = 60'000;
/// A set that packets fill needs a bound; without one the kernel takes 65535.
constexpr std::uint32_t kMaxDynamicElements = 1U << 20;
constexpr std::uint16_t kCreate = NLM_F_CREATE | NLM_F_EXCL;

nfgenmsg inetHeader() {
  return {NFPROTO_INET, NFNETLINK_V0, 0};
}

/// Turns operations into groups of messages.
class MessageEncoder {
 public:
  MessageEncoder(const std::string& table, std::vector<Group>& out) : table_(table), out_(out) {}

  void operator()(const AddTable& op) {
    single(NFT_MSG_NEWTABLE, kCreate, NFTA_TABLE_NAME, [&](Writer& writer) {
      if (op.table.owner != 0) {
        writer.putBe32(NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
      }
      encodeComment(writer, NFTA_TABLE_USERDATA, kCommentTag, op.table.comment);
    });
  }

  void operator()(const DeleteTable&) {
    single(NFT_MSG_DELTABLE, 0, NFTA_TABLE_NAME, [](Writer&) {});
  }

  void operator()(const AddChain& op) {
    single(NFT_MSG_NEWCHAIN, kCreate, NFTA_CHAIN_TABLE, [&](Writer& writer) {
      writer.putString(NFTA_CHAIN_NAME, op.chain.name);
      if (op.chain.hook) {
        putHook(writer, *op.chain.hook);
      }
      encodeComment(writer, NFTA_CHAIN_USERDATA, kCommentTag, op.chain.comment);
    });
  }

  void operator()(const DeleteChain& op) {
    single(NFT_MSG_DELCHAIN, 0, NFTA_CHAIN_TABLE,
           [&](Writer& writer) { writer.putString(NFTA_CHAIN_NAME, op.chain); });
  }

  void operator()(const FlushChain& op) {
    single(NFT_MSG_DELRULE, 0, NFTA_RULE_TABLE,
           [&](Writer& writer) { writer.putString(NFTA_RULE_CHAIN, op.chain); });
  }

  void operator()(const AddRule& op) {
    single(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NFTA_RULE_TABLE, [&](Writer& writer) {
      writer.putString(NFTA_RULE_CHAIN, op.chain);
      const auto nest = writer.openNest(NFTA_RULE_EXPRESSIONS);
      encodeExprs(writer, op.rule.exprs);
      writer.closeNest(nest);
      encodeComment(writer, NFTA_RULE_USERDATA, kCommentTag, op.rule.comment);
    });
  }

  void operator()(const AddSet& op) {
    single(NFT_MSG_NEWSET, kCreate, NFTA_SET_TABLE,
           [&](Writer& writer) { putSet(writer, op.set); });
  }

  void operator()(const DeleteSet& op) {
    single(NFT_MSG_DELSET, 0, NFTA_SET_TABLE,
           [&](Writer& writer) { writer.putString(NFTA_SET_NAME, op.set); });
  }

  void operator()(const AddElements& op) {
    elements(op.elements, [&](std::size_t first, std::size_t last) {
      group([&](Writer& writer) {
        putElements(writer, NFT_MSG_NEWSETELEM, kCreate, op, op.elements, first, last);
      });
    });
  }

  void operator()(const ReplaceElements& op) {
    elements(op.elements, [&](std::size_t first, std::size_t last) {
      group([&](Writer& writer) {
        putElements(writer, NFT_MSG_DELSETELEM, 0, op, op.elements, first, last);
        putElements(writer, NFT_MSG_NEWSETELEM, kCreate, op, op.elements, first, last);
      });
      out_.back().messages = 2;
    });
  }

  void operator()(const DeleteElements& op) {
    const auto emit = [&](const auto& list, std::size_t first, std::size_t last) {
      group([&](Writer& writer) {
        putElements(writer, NFT_MSG_DELSETELEM, 0, op, list, first, last);
      });
    };
    if (op.lasts.empty()) {
      elements(op.keys, [&](std::size_t first, std::size_t last) { emit(op.keys, first, last); });
      return;
    }
    std::vector<Element> intervals;
    for (std::size_t i = 0; i < std::min(op.keys.size(), op.lasts.size()); ++i) {
      intervals.emplace_back(op.keys[i], ElementValue{{}, {}, op.lasts[i]});
    }
    elements(intervals, [&](std::size_t first, std::size_t last) { emit(intervals, first, last); });
  }

 private:
  template <class Body>
  void group(Body body) {
    Group made;
    made.messages = 1;
    Writer writer(made.bytes);
    body(writer);
    out_.push_back(std::move(made));
  }

  /// A group of one message; `tableAttribute` is where this kind of object names its table.
  template <class Body>
  void single(std::uint16_t type, std::uint16_t flags, std::uint16_t tableAttribute, Body body) {
    group([&](Writer& writer) {
      begin(writer, type, flags);
      writer.putString(tableAttribute, table_);
      body(writer);
      writer.end();
    });
  }

  static void begin(Writer& writer, std::uint16_t type, std::uint16_t flags) {
    writer.begin(wire::messageType(type), static_cast<std::uint16_t>(NLM_F_REQUEST | flags), 0);
    writer.header(inetHeader());
  }

  static void putHook(Writer& writer, const Hook& hook) {
    const auto nest = writer.openNest(NFTA_CHAIN_HOOK);
    writer.putBe32(NFTA_HOOK_HOOKNUM, wire::hookNumber(hook.point));
    writer.putBe32(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(hook.priority));
    writer.closeNest(nest);
    writer.putString(NFTA_CHAIN_TYPE, wire::hookTypeName(hook.type));
    writer.putBe32(NFTA_CHAIN_POLICY, NF_ACCEPT);
  }

  void putSet(Writer& writer, const SetSpec& set) {
    writer.putString(NFTA_SET_NAME, set.name);
    writer.putBe32(NFTA_SET_FLAGS, (set.kind == SetSpec::Kind::kSet ? 0 : NFT_SET_MAP) |
                                       (set.dynamic ? NFT_SET_EVAL : 0) |
                                       (set.dynamic || set.timeout != 0 ? NFT_SET_TIMEOUT : 0) |
                                       (set.interval ? NFT_SET_INTERVAL : 0));
    if (set.timeout != 0) {
      writer.putBe64(NFTA_SET_TIMEOUT, set.timeout);
    }
    writer.putBe32(NFTA_SET_KEY_TYPE, wire::typeNumber(set.key));
    writer.putBe32(NFTA_SET_KEY_LEN,
                   static_cast<std::uint32_t>(sizeOf(set.key) - paddingOf(set.key)));
    if (set.kind == SetSpec::Kind::kMap) {
      writer.putBe32(NFTA_SET_DATA_TYPE, wire::typeNumber(set.value));
      writer.putBe32(NFTA_SET_DATA_LEN, static_cast<std::uint32_t>(sizeOf(set.value)));
    } else if (set.kind == SetSpec::Kind::kVerdictMap) {
      writer.putBe32(NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
    }
    if (set.dynamic) {
      const auto nest = writer.openNest(NFTA_SET_DESC);
      writer.putBe32(NFTA_SET_DESC_SIZE, kMaxDynamicElements);
      writer.closeNest(nest);
    }
    writer.putBe32(NFTA_SET_ID, ++setId_);
    encodeComment(writer, NFTA_SET_USERDATA, kSetCommentTag, set.comment);
  }

  static std::size_t wireSize(const Element& element) {
    const Datum& last = element.second.last;
    return 64 + element.first.size() + sizeof(ElementValue) + element.second.comment.size() +
           (last.size() == 0 ? 0 : 64 + last.size());
  }
  static std::size_t wireSize(const Datum& key) { return 32 + key.size(); }

  /// Calls `emit(first, last)` for ranges of indices that fit into one message.
  template <class List, class Emit>
  static void elements(const List& list, Emit emit) {
    std::size_t first = 0;
    std::size_t size = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (size + wireSize(list[i]) > kElementBytesPerMessage) {
        emit(first, i);
        first = i;
        size = 0;
      }
      size += wireSize(list[i]);
    }
    if (first != list.size()) {
      emit(first, list.size());
    }
  }

  /// The elements first ... last - 1 of `list`, which are for the set of `op`.
  template <class Op, class List>
  void putElements(Writer& writer, std::uint16_t type, std::uint16_t flags, const Op& op,
                   const List& list, std::size_t first, std::size_t last) {
    begin(writer, type, flags);
    writer.putString(NFTA_SET_ELEM_LIST_TABLE, table_);
    writer.putString(NFTA_SET_ELEM_LIST_SET, op.set);
    const auto elements = writer.openNest(NFTA_SET_ELEM_LIST_ELEMENTS);
    for (; first != last; ++first) {
      const auto nest = writer.openNest(NFTA_LIST_ELEM);
      putElement(writer, type == NFT_MSG_NEWSETELEM, list[first], op.padding);
      writer.closeNest(nest);
      putEnd(writer, list[first], op.padding);
    }
    writer.closeNest(elements);
    writer.end();
  }

  static void putKey(Writer& writer, const Datum& key, std::size_t padding) {
    const auto nest = writer.openNest(NFTA_SET_ELEM_KEY);
    writer.put(NFTA_DATA_VALUE, key.bytes().first(key.size() - std::min(padding, key.size())));
    writer.closeNest(nest);
  }
  /// To the kernel an interval is two elements; one without a second goes on to the largest key.
  static void putEnd(Writer& writer, const Element& element, std::size_t padding) {
    if (const auto end = keyAfter(element.second.last, padding)) {
      const auto nest = writer.openNest(NFTA_LIST_ELEM);
      putKey(writer, *end, padding);
      writer.putBe32(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
      writer.closeNest(nest);
    }
  }
  static void putEnd(Writer&, const Datum&, std::size_t) {}
  static void putElement(Writer& writer, bool, const Datum& key, std::size_t padding) {
    putKey(writer, key, padding);
  }
  static void putElement(Writer& writer, bool withValue, const Element& element,
                         std::size_t padding) {
    putKey(writer, element.first, padding);
    const auto& target = element.second.target;
    if (!withValue) {
      return;
    }
    if (!std::holds_alternative<std::monostate>(target)) {
      const auto nest = writer.openNest(NFTA_SET_ELEM_DATA);
      if (const auto* data = std::get_if<Datum>(&target)) {
        writer.put(NFTA_DATA_VALUE, data->bytes());
      } else {
        encodeVerdict(writer, std::get<Verdict>(target));
      }
      writer.closeNest(nest);
    }
    encodeComment(writer, NFTA_SET_ELEM_USERDATA, kCommentTag, element.second.comment);
  }

  const std::string& table_;
  std::vector<Group>& out_;
  std::uint32_t setId_ = 0;
};

}  // namespace

std::vector<Batch> encode(const Transaction& transaction, std::uint32_t firstSequence,
                          std::size_t maxBytes) {
  Batcher batcher(firstSequence, maxBytes);
  std::vector<Group> groups;
  MessageEncoder encoder(transaction.table, groups);
  for (std::size_t i = 0; i < transaction.operations.size(); ++i) {
    groups.clear();
    std::visit(encoder, transaction.operations[i]);
    for (const Group& group : groups) {
      batcher.add(group, i);
    }
  }
  return batcher.finish();
}

Bytes encodeDump(ObjectKind kind, const std::string& table, std::uint32_t sequence) {
  struct Row {
    std::uint16_t type;
    std::uint16_t tableAttribute;
  };
  constexpr std::array<Row, 4> kRows = {{{NFT_MSG_GETTABLE, NFTA_TABLE_NAME},
                                         {NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE},
                                         {NFT_MSG_GETRULE, NFTA_RULE_TABLE},
                                         {NFT_MSG_GETSET, NFTA_SET_TABLE}}};
  const Row row = kRows[static_cast<std::size_t>(kind)];
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(wire::messageType(row.type), NLM_F_REQUEST | NLM_F_DUMP, sequence);
  writer.header(inetHeader());
  writer.putString(row.tableAttribute, table);
  writer.end();
  return bytes;
}

Bytes encodeElementDump(const std::string& table, const std::string& set, std::uint32_t sequence) {
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(wire::messageType(NFT_MSG_GETSETELEM), NLM_F_REQUEST | NLM_F_DUMP, sequence);
  writer.header(inetHeader());
  writer.putString(NFTA_SET_ELEM_LIST_TABLE, table);
  writer.putString(NFTA_SET_ELEM_LIST_SET, set);
  writer.end();
  return bytes;
}

}  // namespace hitless::nft

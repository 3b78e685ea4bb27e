#include <fmt/format.h>

#include <cstring>

#include "core/xtables/table.h"

namespace hitless::xtables {
namespace {

/// XT_MAX_TABLE_SIZE of net/netfilter/x_tables.c.
constexpr std::uint64_t kMostBytes = std::uint64_t{512} << 20;

class Assembly {
 public:
  Assembly(const Table& table, std::size_t room) : table_(table), room_(room) {}

  Result<Assembled> make() {
    TRY_VOID(place());
    result_.info = table_.info;
    result_.info.hookEntry = {};
    result_.info.underflow = {};
    result_.message.reserve(room_ + size_);
    result_.message.resize(room_);
    result_.old.reserve(table_.rules() + 2 * table_.chains.size() + 1);
    for (const Chain& chain : table_.chains) {
      if (!chain.gone) {
        TRY_VOID(append(chain));
      }
    }
    TRY_VOID(append(table_.end));
    result_.info.entries = static_cast<std::uint32_t>(result_.old.size());
    result_.info.bytes = at();
    return std::move(result_);
  }

 private:
  /// Where each chain's first rule will be.
  Status place() {
    for (const Chain& chain : table_.chains) {
      if (!chain.gone && chain.hook < 0) {
        size_ += table_.entry(chain.head).size();
      }
      starts_.push_back(size_);
      if (!chain.gone) {
        for (const Rule& rule : chain.rules) {
          size_ += table_.entry(rule).size();
        }
        size_ += table_.entry(chain.tail).size();
      }
    }
    size_ += table_.entry(table_.end).size();
    if (size_ > kMostBytes) {
      return fail(ErrorKind::kUnsupported,
                  fmt::format("{} bytes are more than a legacy table may have", size_));
    }
    return {};
  }

  Status append(const Chain& chain) {
    if (chain.hook < 0) {
      TRY_VOID(append(chain.head));
    } else {
      result_.info.hookEntry.at(static_cast<std::size_t>(chain.hook)) = at();
    }
    for (const Rule& rule : chain.rules) {
      TRY_VOID(append(rule));
    }
    if (chain.hook >= 0) {
      result_.info.underflow.at(static_cast<std::size_t>(chain.hook)) = at();
    }
    return append(chain.tail);
  }

  std::uint32_t at() const { return static_cast<std::uint32_t>(result_.message.size() - room_); }

  Status append(const Rule& rule) {
    const ByteView bytes = table_.entry(rule).bytes();
    const std::uint32_t begin = at();
    result_.message.insert(result_.message.end(), bytes.begin(), bytes.end());
    result_.old.push_back(rule.old);
    if (rule.leads == kOn) {
      setVerdict(begin, at());
    } else if (rule.leads >= 0) {
      const auto chain = static_cast<std::size_t>(rule.leads);
      if (chain >= table_.chains.size() || table_.chains[chain].gone) {
        return fail(ErrorKind::kInternal, "a rule leads to a chain that is gone");
      }
      setVerdict(begin, static_cast<std::uint32_t>(starts_[chain]));
    }
    return {};
  }

  void setVerdict(std::uint32_t entryAt, std::uint32_t verdict) {
    std::uint8_t* entry = result_.message.data() + room_ + entryAt;
    std::uint16_t target = 0;
    std::memcpy(&target, entry + layoutOf(table_.info.family).target, sizeof target);
    std::memcpy(entry + target + kExtensionHeader, &verdict, sizeof verdict);
  }

  const Table& table_;
  std::size_t room_;
  Assembled result_;
  std::uint64_t size_ = 0;
  std::vector<std::uint64_t> starts_;
};

}  // namespace

Result<Assembled> assemble(const Table& table, std::size_t room) {
  return Assembly(table, room).make();
}

}  // namespace hitless::xtables

#include "core/iptables/duplicates.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>

#include "core/iptables/superfluous.h"

namespace hitless::iptables {

namespace {

constexpr int kDeepest = 100;

class TableScan {
 public:
  TableScan(const Table& table, std::size_t top) : table_(table), top_(top) {
    for (const Chain& chain : table.chains) {
      nodes_.emplace(chain.name, Node{&chain, {}, {}});
    }
  }

  void run(Duplicates& out) {
    for (const Chain& chain : table_.chains) {
      out.chains.push_back(scan(chain));
      out.rules += out.chains.back().rules;
      out.unread += out.chains.back().unread;
      out.distinct += out.chains.back().distinct;
      out.mayGo += out.chains.back().mayGo;
    }
    for (const Chain& chain : table_.chains) {
      if (chain.builtIn()) {
        HookCost cost{table_.name, chain.name, worst(chain.name, 0), {}};
        cost.path = path(chain.name);
        out.costs.push_back(std::move(cost));
      }
    }
  }

 private:
  struct Node {
    const Chain* chain = nullptr;
    std::set<std::string, std::less<>> targets = {};  ///< Chains of the table only.
    std::optional<std::uint64_t> worst = {};
  };

  ChainDuplicates scan(const Chain& chain) {
    const IsChain isChain = [this](std::string_view name) { return nodes_.contains(name); };
    RepetitionJudge judge(isChain);
    ChainDuplicates out{table_.name, chain.name, chain.rules.size(), chain.unread, 0, 0, {}};
    for (const RuleText& rule : chain.rules) {
      out.mayGo += judge.mayGo(rule) ? 1 : 0;
    }
    out.distinct = judge.kinds().size();
    Node& node = nodes_.at(chain.name);
    for (const auto& [text, kind] : judge.kinds()) {
      if (isChain(kind.target)) {
        node.targets.insert(kind.target);
      }
      if (kind.count > 1) {
        out.top.push_back({text, kind.count, kind.mayGo, kind.firstLine, kind.lastLine});
      }
    }
    keepTop(out.top);
    return out;
  }

  void keepTop(std::vector<RepeatedRule>& rules) const {
    const auto end = rules.begin() + static_cast<std::ptrdiff_t>(std::min(top_, rules.size()));
    std::partial_sort(rules.begin(), end, rules.end(), [](const auto& a, const auto& b) {
      return a.count != b.count ? a.count > b.count : a.firstLine < b.firstLine;
    });
    rules.erase(end, rules.end());
  }

  /// Rules of the chain and of the costliest way on from it. Chains that lead into each other,
  /// which the kernel does not take, end where they do.
  std::uint64_t worst(std::string_view name, int depth) {
    Node& node = nodes_.at(name);
    if (node.worst || depth > kDeepest) {
      return node.worst.value_or(0);
    }
    node.worst = 0;
    std::uint64_t most = 0;
    for (const std::string& target : node.targets) {
      most = std::max(most, worst(target, depth + 1));
    }
    node.worst = node.chain->rules.size() + node.chain->unread + most;
    return *node.worst;
  }

  std::vector<std::string_view> path(std::string_view name) {
    std::vector<std::string_view> out{nodes_.at(name).chain->name};
    for (const Node* node = &nodes_.at(name); out.size() < kDeepest;) {
      const Node* next = nullptr;
      for (const std::string& target : node->targets) {
        const Node& candidate = nodes_.at(target);
        if (candidate.worst.value_or(0) > (next == nullptr ? 0 : next->worst.value_or(0))) {
          next = &candidate;
        }
      }
      if (next == nullptr) {
        break;
      }
      out.push_back(next->chain->name);
      node = next;
    }
    return out;
  }

  const Table& table_;
  std::size_t top_;
  std::unordered_map<std::string_view, Node> nodes_;
};

}  // namespace

Duplicates findDuplicates(const Dump& dump, std::size_t top) {
  Duplicates out;
  for (const Table& table : dump.tables) {
    TableScan(table, top).run(out);
  }
  return out;
}

}  // namespace hitless::iptables

#include "core/kube/list_order.h"

#include <cstddef>
#include <unordered_map>

namespace hitless::kube {

std::vector<std::string> weave(const std::vector<std::string>& kept,
                               const std::vector<std::string>& wanted,
                               const std::vector<std::string>& before) {
  std::unordered_map<std::string, std::size_t> position;
  for (std::size_t i = 0; i < before.size(); ++i) {
    position.emplace(before[i], i);
  }
  const auto precedes = [&](const std::string& a, const std::string& b) {
    const auto left = position.find(a);
    const auto right = position.find(b);
    return left != position.end() && right != position.end() && left->second < right->second;
  };
  std::vector<std::string> out;
  out.reserve(kept.size() + wanted.size());
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < kept.size() || j < wanted.size()) {
    const bool takeKept = j == wanted.size() || (i < kept.size() && precedes(kept[i], wanted[j]));
    out.push_back(takeKept ? kept[i++] : wanted[j++]);
  }
  return out;
}

}  // namespace hitless::kube

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "core/kube/json.h"
#include "core/kube/objects.h"
#include "core/kube/resource.h"

namespace hitless::kube {

enum class Operator { kEquals, kNotEquals, kIn, kNotIn, kExists, kDoesNotExist, kGreater, kLess };

/// One comma-separated term of a label selector.
struct Requirement {
  std::string key;
  Operator op = Operator::kExists;
  std::vector<std::string> values;

  bool matches(const Labels& labels) const;
  bool operator==(const Requirement&) const = default;
};

/// A nil selector and an empty one differ in Kubernetes; this is the empty one: it matches all.
bool matches(const LabelSelector& selector, const Labels& labels);
bool matches(const std::vector<Requirement>& requirements, const Labels& labels);

/// "a=b,c!=d,e in (f,g),h notin (i),j,!k"; empty text gives no requirement (matches all). The error
/// is what the API server answers with 400.
Result<std::vector<Requirement>> parseLabelSelector(std::string_view text);

/// `metadata.name=web,status.phase!=Running` over the fields that the resource supports.
class FieldSelector {
 public:
  struct Term {
    std::string field;
    bool equal = true;
    std::string value;
    bool operator==(const Term&) const = default;
  };

  FieldSelector() = default;
  explicit FieldSelector(std::vector<Term> terms) : terms_(std::move(terms)) {}

  bool matches(const json::object& object) const;
  bool empty() const { return terms_.empty(); }
  const std::vector<Term>& terms() const { return terms_; }
  /// The value that `field` must equal (a watch of one name can be served from one key), if any.
  std::optional<std::string_view> exact(std::string_view field) const;

 private:
  std::vector<Term> terms_;
};

Result<FieldSelector> parseFieldSelector(const Resource& resource, std::string_view text);

}  // namespace hitless::kube

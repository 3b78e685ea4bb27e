#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/kube/field_set.h"
#include "core/kube/json.h"
#include "core/kube/schema.h"

/// Objects seen the way server-side apply sees them: as a tree of path elements whose leaves are
/// owned as a whole.
namespace hitless::kube {

struct Typed {
  enum class Kind { kLeaf, kStruct, kMap, kKeyedList, kSet };
  Kind kind = Kind::kLeaf;
  const schema::Message* message = nullptr;  ///< Of a struct, or of the items.
  const schema::Field* field = nullptr;      ///< Of a map or list.

  static Typed root(const schema::Message& message);
  static Typed of(const schema::Field& field);
  /// The type of the child behind a path element ("f:spec", `k:{...}`).
  Typed child(std::string_view element) const;
  /// The type that the value really has: what does not look as declared is a leaf.
  bool fits(const json::value& value) const;
};

struct TypedChild {
  std::string element;
  Typed type;
  const json::value* value;
};

/// The children of a value; none if it is a leaf, empty or of another shape than declared.
std::vector<TypedChild> childrenOf(const Typed& type, const json::value& value);
std::vector<TypedChild> childrenOf(const Typed& type, const json::array& items);
std::vector<TypedChild> childrenOf(const Typed& type, const json::object& object);

/// Fails where two items of a keyed list have the same keys, or one has none.
Status checkKeys(const Typed& type, const json::value& value);

/// The paths an applied configuration sets.
FieldSet fieldsOf(const Typed& type, const json::value& value);

/// Paths that differ between two states of an object.
struct Difference {
  FieldSet added;
  FieldSet modified;
  FieldSet removed;
};
Difference compare(const Typed& type, const json::object& before, const json::object& after);

}  // namespace hitless::kube

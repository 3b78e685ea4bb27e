#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/kube/resource.h"

/// The API's types as one table. Defaulting, validation, unknown-field detection, strategic merge,
/// server-side apply and OpenAPI all read it; nothing else says what a field is.
namespace hitless::kube::schema {

struct Message;

/// What one value is on the wire.
enum class Scalar : std::uint8_t {
  kString,
  kBool,
  kInt32,
  kInt64,
  kIntOrString,
  kQuantity,   ///< "100m", "1Gi", or a number
  kTime,       ///< RFC 3339, whole seconds
  kMicroTime,  ///< RFC 3339, microseconds
  kBytes,      ///< base64
  kAny,        ///< any JSON object, kept as it is
  kMessage,
};

enum class Shape : std::uint8_t { kOne, kList, kMap };

/// How server-side apply and strategic merge treat a list. Maps and messages merge field by field
/// unless Field::atomic or Message::atomic says otherwise.
enum class ListType : std::uint8_t { kAtomic, kSet, kMap };

/// A rule about a single value; rules that span fields are code (validate_*.cc).
enum class Check : std::uint8_t {
  kNone,
  kNonNegative,
  kPositive,
  kPortNumber,
  kPortName,      ///< IANA service name
  kPortOrName,    ///< number 1..65535 or IANA service name
  kDnsLabel,      ///< RFC 1123 label
  kDnsSubdomain,  ///< RFC 1123 subdomain
  kIpAddress,
  kQualifiedName,  ///< label key
  kEnvName,
  kFileMode,  ///< 0..0777
};

using Names = std::span<const std::string_view>;

/// One field of a message. The builders below make them; a modifier returns an amended copy.
struct Field {
  std::string_view name;
  std::string_view doc = {};
  Scalar scalar = Scalar::kString;
  Shape shape = Shape::kOne;
  ListType listType = ListType::kAtomic;
  Check check = Check::kNone;
  bool required = false;
  /// The API server's encoder writes it even when it is empty: "", 0, false or {}.
  bool always = false;
  bool atomic = false;      ///< A map that one manager owns as a whole.
  bool retainKeys = false;  ///< Strategic merge honours $retainKeys here.
  bool hasDefault = false;
  bool zeroIsUnset = false;  ///< 0 takes the default too (the Go field is no pointer).
  const Message* message = nullptr;
  std::string_view defaultText = {};  ///< As YAML would spell the scalar; messages: empty for {}.
  Names values = {};                  ///< The only values allowed, if not empty.
  std::string_view patchKey = {};     ///< Strategic merge: list items merge by this field.
  std::array<std::string_view, 2> keys = {};  ///< Server-side apply: keys of ListType::kMap.

  constexpr Field require() const {
    return with([](Field& f) { f.required = true; });
  }
  constexpr Field emitAlways() const {
    return with([](Field& f) { f.always = true; });
  }
  constexpr Field whole() const {
    return with([](Field& f) { f.atomic = true; });
  }
  constexpr Field retain() const {
    return with([](Field& f) { f.retainKeys = true; });
  }
  constexpr Field def(std::string_view text) const {
    return with([&](Field& f) { f.hasDefault = true, f.defaultText = text; });
  }
  constexpr Field orZero() const {
    return with([](Field& f) { f.zeroIsUnset = true; });
  }
  constexpr Field oneOf(Names allowed) const {
    return with([&](Field& f) { f.values = allowed; });
  }
  constexpr Field is(Check rule) const {
    return with([&](Field& f) { f.check = rule; });
  }
  /// Both kinds of merge use the same single key.
  constexpr Field by(std::string_view key) const { return patchBy(key).keyedBy(key); }
  constexpr Field patchBy(std::string_view key) const {
    return with([&](Field& f) { f.patchKey = key; });
  }
  constexpr Field keyedBy(std::string_view first, std::string_view second = {}) const {
    return with([&](Field& f) { f.listType = ListType::kMap, f.keys = {first, second}; });
  }
  /// A list of scalars that merges as a set, in both kinds of merge.
  constexpr Field asSet() const {
    return with([](Field& f) { f.listType = ListType::kSet; });
  }

 private:
  template <class F>
  constexpr Field with(F change) const {
    Field copy = *this;
    change(copy);
    return copy;
  }
};

/// The Go package a message lives in, which names its OpenAPI schema.
enum class Package : std::uint8_t {
  kMeta,
  kCore,
  kApps,
  kDiscovery,
  kCoordination,
  kRbac,
  kAdmission,
  kNetworking,
  kPolicy,
  kBatch,
  kGateway
};

struct Message {
  std::string_view name;  ///< "PodSpec"
  Package package = Package::kCore;
  std::string_view doc;
  std::span<const Field> fields;
  bool atomic = false;  ///< One manager owns it as a whole.

  /// nullptr if there is no such field.
  const Field* find(std::string_view field) const;
};

/// The root message of a served kind.
const Message& messageOf(const Resource& resource);

constexpr Field scalarField(std::string_view name, std::string_view doc, Scalar scalar,
                            Shape shape = Shape::kOne) {
  Field field;
  field.name = name;
  field.doc = doc;
  field.scalar = scalar;
  field.shape = shape;
  return field;
}

// Builders, named after what the value is; plural = list, ...Map = map from string.
#define HITLESS_FIELD(builder, scalar, shape)                                 \
  constexpr Field builder(std::string_view name, std::string_view doc = {}) { \
    return scalarField(name, doc, Scalar::scalar, Shape::shape);              \
  }
HITLESS_FIELD(str, kString, kOne)
HITLESS_FIELD(strs, kString, kList)
HITLESS_FIELD(strMap, kString, kMap)
HITLESS_FIELD(boolean, kBool, kOne)
HITLESS_FIELD(i32, kInt32, kOne)
HITLESS_FIELD(i64, kInt64, kOne)
HITLESS_FIELD(i64s, kInt64, kList)
HITLESS_FIELD(intOrStr, kIntOrString, kOne)
HITLESS_FIELD(quantity, kQuantity, kOne)
HITLESS_FIELD(quantityMap, kQuantity, kMap)
HITLESS_FIELD(time, kTime, kOne)
HITLESS_FIELD(microTime, kMicroTime, kOne)
HITLESS_FIELD(bytes, kBytes, kOne)
HITLESS_FIELD(bytesMap, kBytes, kMap)
HITLESS_FIELD(any, kAny, kOne)
#undef HITLESS_FIELD

constexpr Field messageField(std::string_view name, const Message& message, std::string_view doc,
                             Shape shape) {
  Field field = scalarField(name, doc, Scalar::kMessage, shape);
  field.message = &message;
  return field;
}

constexpr Field obj(std::string_view name, const Message& message, std::string_view doc = {}) {
  return messageField(name, message, doc, Shape::kOne);
}
constexpr Field objs(std::string_view name, const Message& message, std::string_view doc = {}) {
  return messageField(name, message, doc, Shape::kList);
}

/// Bytes of string_view arrays are compared, not addresses, so any constexpr array will do.
#define HITLESS_VALUES(name, ...) constexpr std::string_view name[] = {__VA_ARGS__}

}  // namespace hitless::kube::schema

#pragma once

#include <span>
#include <string_view>

#include "base/clock.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::kube {

struct Column {
  std::string_view name;
  std::string_view type;    ///< string or integer
  std::string_view format;  ///< "name" for the column that holds the name
  int priority;             ///< 0, or 1 for -o wide only
  std::string_view doc;
};

/// How one kind is printed.
struct TableKind {
  std::string_view group;
  std::string_view kind;
  std::span<const Column> columns;
  json::array (*cells)(const json::object& object, WallTime now);
};

/// The kind's columns; for a kind without its own: name and age.
const TableKind& tableKind(const Resource& resource);

// Cells that are more than a field or two.
json::array podCells(const json::object& pod, WallTime now);
json::array serviceCells(const json::object& service, WallTime now);
json::array endpointsCells(const json::object& endpoints, WallTime now);
json::array endpointSliceCells(const json::object& slice, WallTime now);
json::array nodeCells(const json::object& node, WallTime now);
json::array eventCells(const json::object& event, WallTime now);
json::array deploymentCells(const json::object& deployment, WallTime now);
json::array daemonSetCells(const json::object& daemonSet, WallTime now);
json::array statefulSetCells(const json::object& statefulSet, WallTime now);
json::array controllerRevisionCells(const json::object& revision, WallTime now);
json::array budgetCells(const json::object& budget, WallTime now);
json::array jobCells(const json::object& job, WallTime now);
json::array ingressCells(const json::object& ingress, WallTime now);
json::array ingressClassCells(const json::object& ingressClass, WallTime now);
json::array gatewayCells(const json::object& gateway, WallTime now);
json::array gatewayClassCells(const json::object& gatewayClass, WallTime now);
json::array routeCells(const json::object& route, WallTime now);
json::array replicaSetCells(const json::object& replicaSet, WallTime now);

// Texts that several kinds use.
json::string nameCell(const json::object& object);
json::string ageCell(const json::object& object, WallTime now);
/// Time since a timestamp field, "<unknown>" if it is not set.
std::string sinceText(std::string_view timestamp, WallTime now);
/// "a=b,c=d", "<none>" if empty.
std::string labelsText(const json::object* labels);
std::string selectorText(const json::object* selector);
/// The first three items, then " + N more...".
std::string firstThree(const std::vector<std::string>& items, std::string_view ifEmpty);
std::string orNone(std::string_view text);

}  // namespace hitless::kube

#pragma once

#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Layers in a row inside another layer, which lends them its pass. Parameters lie where the model's do, outputs and
/// what the layers keep in the outer layer's arenas, and the shapes between them in its `inner_shapes`. Each call walks
/// along the row and takes the same memory in the same order.
template <class Real>
class LayerRow {
 public:
  SEQNN_COLD explicit LayerRow(const std::vector<LayerRecipe<Real>>& recipes) {
    for (const auto& recipe : recipes) {
      auto layer = recipe.make();
      const std::string base = layer->name().empty() ? default_name(layer->type()) : layer->name();
      std::string name = base;  // Keras' names for layers without one, unique in the row
      for (std::size_t n = 1; layer->name().empty() && taken(name); ++n) name = base + '_' + std::to_string(n);
      links_.push_back({.layer = std::move(layer), .name = std::move(name)});
    }
  }

  std::size_t size() const { return links_.size(); }

  /// Builds the layers; their names begin with `prefix`.
  /// @param title   of the outer layer, for messages
  /// @param before  the row before this one in the outer layer, if there is one
  /// @return the shape of the output  @throws OptionError for layers that have no place inside another
  SEQNN_COLD Shape build(const std::string& title, const std::string& prefix, Shape shape, ParameterLayout& parameters,
                         const LayerRow* before = nullptr) {
    if (before != nullptr) {
      first_layer_ = before->first_layer_ + before->size();
      first_shape_ = before->first_shape_ + before->inner_shape_count();
      states_end_ = before->states_end_;
    }
    bool learns = false;
    for (Link& link : links_) {
      auto& layer = *link.layer;
      layer.set_name(prefix + '/' + link.name);
      const auto refuse = [&](const char* what) {
        throw OptionError(text(title, ": the layers inside ", what, ", got ", layer.title()));
      };
      if (layer.input_kind() == InputKind::ids) refuse("must read numbers, not token ids");
      if (layer.stateful()) refuse("must not be stateful");
      if (layer.returns_state()) refuse("must return one tensor");
      if (layer.mask_use() == MaskUse::makes) refuse("must not make a mask; put that layer before");
      link.learns_below = learns;
      const std::size_t declared = parameters.infos().size();
      layer.build(shape, parameters);
      for (std::size_t p = declared; p < parameters.infos().size(); ++p) learns |= parameters.infos()[p].trainable;
      std::vector<Shape> inner;
      layer.inner_shapes(shape, inner);
      link.inner_shapes = inner.size();
      link.state_size = layer.state_size(shape);
      link.state_at = std::exchange(states_end_, states_end_ + link.state_size);
      shape = layer.output_shape(shape);
    }
    return shape;
  }

  SEQNN_COLD Shape output_shape(Shape shape) const {
    for (const Link& link : links_) shape = link.layer->output_shape(shape);
    return shape;
  }

  /// Adds the shapes between the layers, the input's first, and then those inside each.
  SEQNN_COLD void inner_shapes(Shape shape, std::vector<Shape>& shapes) const {
    std::vector<Shape> inside;
    shapes.push_back(shape);
    for (const Link& link : links_) {
      link.layer->inner_shapes(shape, inside);
      shapes.push_back(shape = link.layer->output_shape(shape));
    }
    shapes.insert(shapes.end(), inside.begin(), inside.end());
  }

  /// What the row does with a mask: keeps it if all layers do, ends it if one does and those before keep it.
  MaskUse mask_use() const {
    for (const Link& link : links_) {
      const MaskUse use = link.layer->mask_use();
      if (use != MaskUse::keeps) return use == MaskUse::ends ? use : MaskUse::refuses;
    }
    return MaskUse::keeps;
  }

  /// Checks a mask of the input as Layer::check_mask does, up to the layer that ends it.  @throws ShapeError
  SEQNN_COLD void check_mask(Shape shape, const MaskedSteps& mask) const {
    for (const Link& link : links_) {
      link.layer->check_mask(shape, mask);
      if (link.layer->mask_use() == MaskUse::ends) return;
      shape = link.layer->output_shape(shape);
    }
  }

  bool whole_batch() const {
    return std::any_of(links_.begin(), links_.end(), [](const Link& link) { return link.layer->whole_batch(); });
  }

  bool steps_alone() const {
    return std::all_of(links_.begin(), links_.end(), [](const Link& link) { return link.layer->steps_alone(); });
  }

  /// Numbers a sample of the states, one behind the other, of this row and those before it.
  std::size_t states_end() const { return states_end_; }

  /// Says how many there are in all rows of the outer layer; called when all are built.
  void set_state_size(std::size_t size) { all_states_ = size; }

  SEQNN_COLD std::size_t preferred_tile(Shape shape) const {
    std::size_t tile = 1;
    for (const Link& link : links_) {
      tile = std::max(tile, link.layer->preferred_tile(shape));
      shape = link.layer->output_shape(shape);
    }
    return tile;
  }

  /// Takes from the arenas what the other calls will take.
  void plan(Pass<Real>& outer) const {
    walk(outer, [](const Link&, Pass<Real>&) {});
  }

  /// Calls `prepare` or `finish` of all layers.
  void each(void (Layer<Real>::*what)(Pass<Real>&) const, Pass<Real>& outer) const {
    walk(outer, [&](const Link& link, Pass<Real>& pass) { (*link.layer.*what)(pass); });
  }

  /// Passes outer.x along the row by `forward` or `step`.
  /// @return the output, in the arenas of the outer layer; outer.x if all layers pass it through
  const Real* forward(void (Layer<Real>::*what)(Pass<Real>&) const, Pass<Real>& outer) const {
    return walk(outer, [&](const Link& link, Pass<Real>& pass) {
      copy_states(link, outer.state, pass.state, outer, true);
      (*link.layer.*what)(pass);
      copy_states(link, outer.state, pass.state, outer, false);
    });
  }

  /// Passes outer.dy back along the row. Unless the row is empty, outer.dy stays as it is.
  /// @return the gradient by the input, in the arenas of the outer layer; null if outer.dx is and no layer needs it
  Real* backward(Pass<Real>& outer) const {
    Walk at = begin(outer);
    if (size() == 0) return outer.dy;
    Real* gradient = at.turns[0];
    std::copy_n(outer.dy, outer.batch * element_count(at.shapes[size()]), gradient);
    return back(outer, at, gradient);
  }

 private:
  struct Link {
    std::unique_ptr<Layer<Real>> layer;
    std::string name;
    bool learns_below = false;  // whether a layer before it in the row has something to learn
    std::size_t inner_shapes = 0;
    std::size_t state_size = 0;
    std::size_t state_at = 0;  // within the outer layer's
  };

  /// How far a walk along the row has come, and the memory the layers share.
  struct Walk {
    std::size_t i = 0;
    const Shape* shapes = nullptr;  // between the layers
    const Shape* inner = nullptr;   // inside the next layer
    const Real* x = nullptr;        // its input
    const std::uint8_t* mask = nullptr;
    std::size_t scratch = 0;              // most bytes that a layer has taken
    Real* turns[2] = {nullptr, nullptr};  // outputs without a backward pass, gradients with one
    Real* state = nullptr;                // one layer's, all samples in one block
    Real* state_gradient = nullptr;
  };

  Walk begin(Pass<Real>& outer) const {
    Walk at;
    at.shapes = outer.inner_shapes + first_shape_;
    at.inner = at.shapes + size() + 1;
    at.x = outer.x;
    at.mask = outer.mask;
    std::size_t largest = 0;
    std::size_t state = 0;
    for (std::size_t i = 0; i < size(); ++i) {
      largest = std::max({largest, element_count(at.shapes[i]), element_count(at.shapes[i + 1])});
      state = std::max(state, links_[i].state_size);
    }
    for (Real*& turn : at.turns) turn = outer.scratch.template take<Real>(outer.tile * largest);
    at.state = outer.scratch.template take<Real>(outer.tile * state);
    if (outer.training) at.state_gradient = outer.scratch.template take<Real>(outer.tile * state);
    return at;
  }

  /// Calls visit(link, pass) for every layer that computes.  @return the output
  template <class Visit>
  const Real* walk(Pass<Real>& outer, Visit&& visit) const {
    Walk at = begin(outer);
    while (at.i < size()) {
      const Link& link = links_[at.i];
      Pass<Real> pass = next(outer, at);
      if (!link.layer->passes_through(outer.training)) visit(link, pass);
    }
    end(outer, at);
    return at.x;
  }

  void end(Pass<Real>& outer, const Walk& at) const { outer.scratch.template take<std::byte>(at.scratch); }

  /// The pass of the next layer, with memory behind that of the one before.
  Pass<Real> next(Pass<Real>& outer, Walk& at) const {
    const Link& link = links_[at.i];
    Pass<Real> pass = outer;
    pass.input_shape = at.shapes + at.i;
    pass.output_shape = at.shapes + at.i + 1;
    pass.inner_shapes = at.inner;
    pass.input_gradient = outer.training && (outer.input_gradient || link.learns_below);
    pass.mask = at.mask;
    pass.x = at.x;
    pass.y = pass.dy = pass.dx = pass.state = pass.state_gradient = nullptr;
    pass.seed = (outer.seed + first_layer_ + at.i + 1) * 0xD1342543DE82EF95U;  // random numbers of its own
    if (!link.layer->passes_through(outer.training)) {
      // A layer may take less in one call than in another, or for a smaller tile, so each gets the most it takes.
      pass.prepared = pass.kept = pass.scratch = Arena();
      pass.batch = outer.tile;
      link.layer->plan(pass);
      pass.batch = outer.batch;
      at.scratch = std::max(at.scratch, pass.scratch.used());
      pass.prepared = Arena(outer.prepared.template take<std::byte>(pass.prepared.used()));
      pass.kept = Arena(outer.kept.template take<std::byte>(pass.kept.used()));
      pass.scratch = outer.scratch;
      pass.y = outer.training ? outer.kept.template take<Real>(outer.tile * element_count(*pass.output_shape))
                              : at.turns[at.x == at.turns[0] ? 1 : 0];
      if (outer.state != nullptr && link.state_size > 0) pass.state = at.state;
      if (outer.state_gradient != nullptr && link.state_size > 0) pass.state_gradient = at.state_gradient;
      at.x = pass.y;
    }
    if (link.layer->mask_use() == MaskUse::ends) at.mask = nullptr;
    at.inner += link.inner_shapes;
    ++at.i;
    return pass;
  }

  /// Goes on to the end of the row, and back. `gradient` is that by its output; null where nothing below learns.
  Real* back(Pass<Real>& outer, Walk& at, Real* gradient) const {
    if (at.i == size()) {
      end(outer, at);
      return gradient;
    }
    const Link& link = links_[at.i];
    Pass<Real> pass = next(outer, at);
    pass.dy = back(outer, at, gradient);
    if (pass.dy == nullptr || link.layer->passes_through(true)) return pass.dy;
    if (outer.dx != nullptr || link.learns_below) pass.dx = at.turns[pass.dy == at.turns[0] ? 1 : 0];
    copy_states(link, outer.state, pass.state, outer, true);
    copy_states(link, outer.state_gradient, pass.state_gradient, outer, true);
    link.layer->backward(pass);
    copy_states(link, outer.state_gradient, pass.state_gradient, outer, false);
    return pass.dx;
  }

  /// Between [batch, states of the outer layer] and [batch, those of one]; nothing if there are none.
  void copy_states(const Link& link, Real* all, Real* one, const Pass<Real>& outer, bool to_one) const {
    if (one == nullptr) return;
    for (std::size_t b = 0; b < outer.batch; ++b) {
      Real* here = all + b * all_states_ + link.state_at;
      Real* there = one + b * link.state_size;
      std::copy_n(to_one ? here : there, link.state_size, to_one ? there : here);
    }
  }

  /// How many shapes `inner_shapes` adds.
  std::size_t inner_shape_count() const {
    std::size_t count = size() + 1;
    for (const Link& link : links_) count += link.inner_shapes;
    return count;
  }

  bool taken(const std::string& name) const {
    return std::any_of(links_.begin(), links_.end(), [&](const Link& link) { return link.name == name; });
  }

  std::vector<Link> links_;
  std::size_t first_layer_ = 0;  // of the outer layer's
  std::size_t first_shape_ = 0;
  std::size_t states_end_ = 0;
  std::size_t all_states_ = 0;  // numbers a sample of the outer layer's state
};

}  // namespace seqnn::inline SEQNN_ABI

spec pixpro_cases "Published cases of pixel-level consistency" from "../pixpro.cl"

# A crop of whole pixels: top, left, height, width, height and width of the image, mirrored.
variant geometry "*contrast/data/transform_coord.py*" from as_published:
    data case: crop[item, field]
    let rows_of = crop[field = 4], columns = crop[field = 5]
    let box = stack[side](
        crop[field = 0] / rows_of, crop[field = 1] / columns, crop[field = 2] / rows_of, crop[field = 3] / columns,
        crop[field = 6]
    )
    let wide = (x1 - x0) / case_grid_cols, tall = (y1 - y0) / case_grid_rows
    let across[x = case_grid_cols] = x0 + (x + 0.5) * wide
    let down[y = case_grid_rows] = y0 + (y + 0.5) * tall
    on case:
        report coord[item, xyxy] = stack[xyxy](x0, y0, x1, y1)
        report centre[item, y, x, xy] = stack[xy](across, down)

# A step's weights are the rows of its stream.
variant teacher "*PixPro._momentum_update_key_encoder":
    data case: online_at_step[item]
    data start: teacher_init[weight]
    param keep = case_momentum_base
    state teacher[weight] = teacher_init
    let momentum = rising(keep, step + case_first_step_k, case_total_steps_K)
    train on case:
        teacher <- momentum * teacher + (1 - momentum) * online_at_step[item -> weight]
        report momentum = momentum
        report teacher_after[weight] = teacher

variant one_direction "*contrast/models/PixPro.py, regression_loss" from as_published:
    data case: pred[item, dim, y, x], target[item, dim, y, x], coord_pred[item, xyxy], coord_target[item, xyxy]
    param reach = case_pos_ratio
    let corners = stack[v](coord_pred, coord_target)
    let x0 = corners[xyxy = 0], y0 = corners[xyxy = 1], x1 = corners[xyxy = 2], y1 = corners[xyxy = 3]
    let z = stack[v](pred, stop(pred)), k = stop(stack[v](target, target))
    contrast every from same:
        positive j in other[y, x]
    def place(i) = i.y * size(x) + i.x
    def gap(R, n)[i in R] = sum[j in i.positive](apart(i, j) if place(j) == n else 0)
    let pixel[pixel_target = size(y) * size(x)] = gap(every, pixel_target)[v = 0][(y, x) -> pixel_pred]
    on case:
        report distance[item, pixel_pred, pixel_target] = pixel
        report positive_mask[item, pixel_pred, pixel_target] = pixel < reach
        report loss = -2 * mean[item](agree)[v = 0]

variant symmetric "*PixPro.featprop*" from as_published:
    data case: proj_1[
        item, dim, y, x
    ], proj_2[
        item, dim, y, x
    ], target_1[
        item, dim, y, x
    ], target_2[
        item, dim, y, x
    ], coord_1[item, xyxy], coord_2[item, xyxy], value_weight[dim_out, dim], value_bias[dim_out]
    param reach = case_pos_ratio, gamma = case_gamma, floor = case_clamp
    let corners = stack[v](coord_1, coord_2)
    let x0 = corners[xyxy = 0], y0 = corners[xyxy = 1], x1 = corners[xyxy = 2], y1 = corners[xyxy = 3]
    let p = stack[v](proj_1, proj_2), k = unit(stop(stack[v](target_1, target_2)))
    let value = (dot(value_weight, p) + value_bias)[dim_out -> dim]
    on case:
        report propagated_1[item, dim, y, x] = spread[v = 0]
        report propagated_2[item, dim, y, x] = spread[v = 1]
        report loss_12 = -2 * mean[item](agree)[v = 0]
        report loss_21 = -2 * mean[item](agree)[v = 1]
        report loss = -2 * sum[v](mean[item](agree))

variant negatives "no official code for PixContrast*" from pixcontrast:
    data case: proj_1[
        item, dim, y, x
    ], proj_2[
        item, dim, y, x
    ], target_1[item, dim, y, x], target_2[item, dim, y, x], coord_1[item, xyxy], coord_2[item, xyxy]
    param reach = case_pos_ratio, tau = case_tau
    let corners = stack[v](coord_1, coord_2)
    let x0 = corners[xyxy = 0], y0 = corners[xyxy = 1], x1 = corners[xyxy = 2], y1 = corners[xyxy = 3]
    let p = stack[v](proj_1, proj_2), k = unit(stop(stack[v](target_1, target_2)))
    contrast same:  # the code of the distance is strict
        positive j in other[y, x] if apart(i, j) < reach
        negative j in other[y, x] if apart(i, j) >= reach
    let anchors = sum[y, x](pairs(same) > 0)
    on case:
        report loss_12_per_item[item] = dense[v = 0]
        report loss_21_per_item[item] = dense[v = 1]
        report anchors_12[item] = anchors[v = 0]
        report anchors_21[item] = anchors[v = 1]
        report loss = mean(dense)

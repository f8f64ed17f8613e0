//! Pictures, written anew from their pixels.

use crate::{Kind, Refused, Taken};
use domain::say;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder as _, ImageEncoder as _, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    imageops::FilterType,
};
use std::io::Cursor;

/// Longest edge kept: what providers look at most (OpenAI scales to 2,048, Anthropic to 1,568; as known, not
/// re-read).
const LONGEST_EDGE: u32 = 2_048;
/// Largest picture after cleaning: Bedrock takes 3.75 MB, Anthropic 5 MB (as known, not re-read).
const LARGEST: usize = 3_500_000;
/// Most pixels a picture may claim to have before it is decoded.
const MOST_PIXELS: u64 = 100_000_000;
const MOST_MEMORY: u64 = 512 * 1024 * 1024;
/// Longest edge of a preview.
const PREVIEW_EDGE: u32 = 256;

/// The format the first bytes name; `None` = no picture that can be sent.
pub(crate) fn format(data: &[u8]) -> Option<ImageFormat> {
    image::guess_format(data).ok().filter(|format| {
        matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif)
    })
}

pub(crate) fn take(name: String, data: &[u8], format: ImageFormat) -> Result<Taken, Refused> {
    let Some((mut picture, turned)) = decode(data, format) else {
        return Err(Refused(say!(
            "“{name}” cannot be read: the picture is damaged or far too large. Save it anew in another program.",
            name
        )));
    };
    let mut notes = Vec::new();
    let was = (picture.width(), picture.height());
    if was.0.max(was.1) > LONGEST_EDGE {
        picture = picture.resize(LONGEST_EDGE, LONGEST_EDGE, FilterType::CatmullRom);
        notes.push(say!(
            "Scaled from {wide} × {high} to {width} × {height} pixels, which is all that providers look at.",
            wide = was.0,
            high = was.1,
            width = picture.width(),
            height = picture.height()
        ));
    }
    if format == ImageFormat::Gif {
        notes.push(say!("Only the first picture of the GIF is sent."));
    }
    let photo = format == ImageFormat::Jpeg && !picture.color().has_alpha();
    let written = if photo { None } else { png(&picture).filter(|png| png.len() <= LARGEST) };
    let (media_type, written) = match written {
        Some(png) => ("image/png", Some(png)),
        None => (
            "image/jpeg",
            jpeg(&picture, 92).filter(|jpeg| jpeg.len() <= LARGEST).or_else(|| jpeg(&picture, 80)),
        ),
    };
    let Some(written) = written else {
        return Err(Refused(say!(
            "“{name}” could not be prepared for sending. Save it as PNG or JPEG first.",
            name
        )));
    };
    if turned {
        notes.push(say!("Turned upright as the camera noted."));
    }
    let size = Some((picture.width(), picture.height()));
    let preview = small(&picture);
    Ok(Taken { kind: Kind::Picture, name, media_type, data: written, size, preview, notes })
}

/// A small JPEG of a picture that is already known to be one; `None` = it cannot be read.
pub fn preview(data: &[u8]) -> Option<Vec<u8>> {
    small(&decode(data, format(data)?)?.0)
}

fn small(picture: &DynamicImage) -> Option<Vec<u8>> {
    jpeg(&picture.thumbnail(PREVIEW_EDGE, PREVIEW_EDGE), 75)
}

/// The pixels, upright, and whether they had to be turned for it.
fn decode(data: &[u8], format: ImageFormat) -> Option<(DynamicImage, bool)> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(data), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS || width == 0 || height == 0 {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    picture.apply_orientation(orientation);
    Some((picture, orientation != image::metadata::Orientation::NoTransforms))
}

fn png(picture: &DynamicImage) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    // Sixteen bits a channel are of no use to a model and some decoders refuse them.
    let (bytes, colour) = if picture.color().has_alpha() {
        (picture.to_rgba8().into_raw(), ExtendedColorType::Rgba8)
    } else {
        (picture.to_rgb8().into_raw(), ExtendedColorType::Rgb8)
    };
    PngEncoder::new(&mut out).write_image(&bytes, picture.width(), picture.height(), colour).ok()?;
    Some(out)
}

/// Without transparency: what is clear becomes white.
fn jpeg(picture: &DynamicImage, quality: u8) -> Option<Vec<u8>> {
    let pixels = if picture.color().has_alpha() {
        let mut ground =
            image::RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
        image::imageops::overlay(&mut ground, &picture.to_rgba8(), 0, 0);
        DynamicImage::ImageRgba8(ground).to_rgb8()
    } else {
        picture.to_rgb8()
    };
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, quality)
        .write_image(pixels.as_raw(), pixels.width(), pixels.height(), ExtendedColorType::Rgb8)
        .ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG of two halves, red above blue, with EXIF that says it lies on its side and where it was taken.
    fn photo() -> Vec<u8> {
        let pixels = image::RgbImage::from_fn(60, 40, |_, y| {
            image::Rgb(if y < 20 { [230, 20, 20] } else { [20, 20, 230] })
        });
        let plain = jpeg(&DynamicImage::ImageRgb8(pixels), 95).unwrap();
        // One entry: orientation (0x0112), short, 6 = turn right.
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend_from_slice(b"GPS 52.5200 13.4050 Serial 12345");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..]].concat()
    }

    #[test]
    fn a_photo_leaves_without_where_and_by_whom_it_was_taken() {
        let photo = photo();
        assert!(photo.windows(4).any(|window| window == b"Exif"));
        let taken = crate::take("p.jpg", photo).unwrap();
        assert_eq!((taken.media_type, taken.size), ("image/jpeg", Some((40, 60))), "upright");
        for trace in [&b"Exif"[..], b"GPS", b"12345"] {
            assert!(!taken.data.windows(trace.len()).any(|window| window == trace));
        }
        let pixels = decode(&taken.data, ImageFormat::Jpeg).unwrap().0.to_rgb8();
        assert!(pixels.get_pixel(35, 30).0[0] > 150 && pixels.get_pixel(5, 30).0[2] > 150, "turned right");
        assert!(taken.preview.is_some_and(|preview| preview.len() < 20_000));
    }

    #[test]
    fn large_pictures_are_scaled_and_bombs_are_refused() {
        let wide = DynamicImage::ImageRgb8(image::RgbImage::from_pixel(4_100, 10, image::Rgb([1, 2, 3])));
        let taken = crate::take("w.png", png(&wide).unwrap()).unwrap();
        assert_eq!(taken.size, Some((2_048, 5)));
        assert!(taken.notes[0].contains("4100"), "{:?}", taken.notes);
        // A PNG that says it has 60,000 × 60,000 pixels.
        let mut bomb = png(&DynamicImage::ImageRgb8(image::RgbImage::new(1, 1))).unwrap();
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(crate::take("b.png", bomb).is_err());
    }

    #[test]
    fn clear_parts_stay_clear_in_png_and_become_white_in_jpeg() {
        let clear = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(4, 4, image::Rgba([9, 9, 9, 0])));
        let taken = crate::take("c.png", png(&clear).unwrap()).unwrap();
        let again = decode(&taken.data, ImageFormat::Png).unwrap().0.to_rgba8();
        assert_eq!(again.get_pixel(0, 0).0[3], 0);
        let white = decode(&jpeg(&clear, 90).unwrap(), ImageFormat::Jpeg).unwrap().0.to_rgb8();
        assert!(white.get_pixel(0, 0).0[0] > 250);
    }
}
